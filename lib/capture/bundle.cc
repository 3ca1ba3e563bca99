#include "capture/bundle.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>
#include <vector>

#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::ByteOrder;
using procnet::IsDigit;

constexpr std::string_view kBlanks = " \t\r\n\v\f";
constexpr std::string_view kPathSeparators = "/!";
constexpr size_t kMostUnreadable = 60;
constexpr size_t kLongestUname = 1024;  // six fields of at most 64, and what `uname -a` adds

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Takes the first line off.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return Trimmed(line);
}

// The first line that is neither empty nor a comment (systemd allows them in /etc/hostname).
std::string_view FirstLine(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (!line.empty() && line[0] != '#') return line;
  }
  return {};
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = Trimmed(text)).empty()) {
    const size_t end = std::min(text.find_first_of(kBlanks), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::optional<int64_t> ReadInteger(std::string_view text) {
  int32_t value = 0;  // the kernel keeps these settings as int
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// What each kind of file tells: content -> facts, where it is no garbage.

// True where the text is a time, though a zone may have to be given to tell which.
bool IsTime(const TimeResult& result) {
  return result.time || result.error == TimeError::kAmbiguousZone ||
         result.error == TimeError::kUnknownZone || result.error == TimeError::kGap;
}

// As `date` prints it, or `timedatectl`: "Sun 2026-11-22 07:37:27 UTC".
TimeResult ReadTime(std::string_view text, const Zone& zone) {
  const TimeResult result = ParseTime(text, zone);
  if (IsTime(result) || text.size() < 5 || text[3] != ' ' || !IsDigit(text[4])) return result;
  return ParseTime(text.substr(4), zone);
}

void ReadTimedatectl(std::string_view content, const Zone& zone, Bundle& told) {
  const TimeResult first = ReadTime(FirstLine(content), zone);
  if (IsTime(first)) {
    told.date = first;
    return;
  }
  while (!content.empty()) {
    constexpr std::string_view kUniversal = "Universal time:";
    const std::string_view line = TakeLine(content);
    if (!line.starts_with(kUniversal)) continue;
    const TimeResult universal = ReadTime(Trimmed(line.substr(kUniversal.size())), zone);
    if (IsTime(universal)) told.date = universal;
    return;
  }
}

// At most so many bytes, without a part of a character at its end.
std::string_view Cut(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  for (int i = 0; i < 3 && is_inside(text[most]); ++i) --most;
  return text.substr(0, most);
}

void ReadDate(std::string_view content, const Zone& zone, Bundle& told) {
  ReadTimedatectl(content, zone, told);
  if (!told.date) told.unreadable_date = Cut(FirstLine(content), kMostUnreadable);
}

void ReadHostName(std::string_view content, const Zone&, Bundle& told) {
  const std::string_view line = FirstLine(content);
  if (IsHostName(line)) told.host = line;
}

void ReadKernelVersion(std::string_view content, const Zone&, Bundle& told) {
  const std::string_view line = FirstLine(content);
  const bool printable =
      std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!line.starts_with("Linux ") || line.size() > kLongestUname || !printable) return;
  told.facts.uname = line;
}

// "Linux web1 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01) x86_64 GNU/Linux"
void ReadUname(std::string_view content, const Zone& zone, Bundle& told) {
  ReadKernelVersion(content, zone, told);
  if (!told.facts.uname) return;
  const std::vector<std::string_view> words = Words(*told.facts.uname);
  if (words.size() < 3) {
    told.facts.uname.reset();
    return;
  }
  if (IsHostName(words[1])) told.host = words[1];
  // The machine is among the last four: processor and platform, which some print as machines too,
  // and the operating system come behind it.
  const size_t first = words.size() - std::min<size_t>(words.size() - 3, 4);
  for (size_t i = words.size(); i-- > first && !told.byte_order;) {
    told.byte_order = ByteOrderOfMachine(words[i]);
  }
}

void ReadCpuByteOrder(std::string_view content, const Zone&, Bundle& told) {
  const std::string_view text = Trimmed(content);
  if (text == "little") told.byte_order = ByteOrder::kLittle;
  if (text == "big") told.byte_order = ByteOrder::kBig;
}

void ReadPortRange(std::string_view content, const Zone&, Bundle& told) {
  const std::vector<std::string_view> words = Words(content);
  if (words.size() != 2) return;
  const std::optional<int64_t> low = ReadInteger(words[0]), high = ReadInteger(words[1]);
  if (!low || !high || *low > *high || *high > 65535) return;
  told.facts.port_range_low = low;
  told.facts.port_range_high = high;
}

void ReadSomaxconn(std::string_view content, const Zone&, Bundle& told) {
  told.facts.somaxconn = ReadInteger(Trimmed(content));
}

void ReadTwBuckets(std::string_view content, const Zone&, Bundle& told) {
  told.facts.tcp_max_tw_buckets = ReadInteger(Trimmed(content));
}

// The lines of `sysctl -a`: "net.core.somaxconn = 4096".
void ReadSysctl(std::string_view content, const Zone& zone, Bundle& told) {
  while (!content.empty()) {
    const std::string_view line = TakeLine(content);
    const size_t equals = line.find('=');
    if (equals == line.npos) continue;
    const std::string_view name = Trimmed(line.substr(0, equals));
    const std::string_view value = line.substr(equals + 1);
    if (name == "net.ipv4.ip_local_port_range") ReadPortRange(value, zone, told);
    if (name == "net.core.somaxconn") ReadSomaxconn(value, zone, told);
    if (name == "net.ipv4.tcp_max_tw_buckets") ReadTwBuckets(value, zone, told);
  }
}

// The files that tell something, by their place below the root. Of two that tell the same the upper
// one is trusted: `hostname` before `uname` (which is the same) before the settings of the next
// boot, what was printed in the moment of the capture before the rest.
struct FactFile {
  std::string_view path;
  void (*read)(std::string_view content, const Zone& zone, Bundle& told);
};
constexpr FactFile kFactFiles[] = {
    {"date", ReadDate},
    {"date.txt", ReadDate},
    {"sos_commands/date/date", ReadDate},
    {"sos_commands/general/date", ReadDate},
    {"insights_commands/date", ReadDate},
    {"sos_commands/date/date_--utc", ReadDate},
    {"insights_commands/date_--utc", ReadDate},
    {"timedatectl", ReadTimedatectl},
    {"sos_commands/systemd/timedatectl", ReadTimedatectl},
    {"insights_commands/timedatectl_status", ReadTimedatectl},

    {"hostname", ReadHostName},
    {"hostname.txt", ReadHostName},
    {"sos_commands/host/hostname", ReadHostName},
    {"sos_commands/general/hostname", ReadHostName},
    {"insights_commands/hostname", ReadHostName},
    {"proc/sys/kernel/hostname", ReadHostName},
    {"sys/kernel/cpu_byteorder", ReadCpuByteOrder},
    {"uname", ReadUname},
    {"uname.txt", ReadUname},
    {"sos_commands/kernel/uname_-a", ReadUname},
    {"sos_commands/general/uname_-a", ReadUname},
    {"insights_commands/uname_-a", ReadUname},
    {"sos_commands/host/hostname_-f", ReadHostName},
    {"insights_commands/hostname_-f", ReadHostName},
    {"etc/hostname", ReadHostName},
    {"etc/HOSTNAME", ReadHostName},
    {"proc/version", ReadKernelVersion},

    {"proc/sys/net/ipv4/ip_local_port_range", ReadPortRange},
    {"proc/sys/net/core/somaxconn", ReadSomaxconn},
    {"proc/sys/net/ipv4/tcp_max_tw_buckets", ReadTwBuckets},
    {"sos_commands/kernel/sysctl_-a", ReadSysctl},
    {"sos_commands/networking/sysctl_-a", ReadSysctl},
    {"insights_commands/sysctl_-a", ReadSysctl},
    {"sysctl", ReadSysctl},

    // These are sections of supportconfig; the last may be a plain `sysctl -a` too.
    {"basic-environment.txt", nullptr},
    {"env.txt", nullptr},
    {"sysctl.txt", ReadSysctl},
};
constexpr size_t kNoFactFile = std::size(kFactFiles);

bool IsSectioned(std::string_view content) { return content.find("#==[ ") != content.npos; }

// By the longest path: `ROOT/etc/hostname` is none of `ROOT/etc/`.
size_t FactFileOf(std::string_view path) {
  size_t best = kNoFactFile;
  for (size_t i = 0; i < kNoFactFile; ++i) {
    const std::string_view known = kFactFiles[i].path;
    if (!path.ends_with(known)) continue;
    if (path.size() > known.size() &&
        kPathSeparators.find(path[path.size() - known.size() - 1]) == kPathSeparators.npos) {
      continue;
    }
    if (best == kNoFactFile || known.size() > kFactFiles[best].path.size()) best = i;
  }
  return best;
}

// What a section of supportconfig is called -> the file that would tell the same.
size_t FactFileOfSection(std::string_view title) {
  for (const std::string_view top : {"/proc/", "/etc/", "/sys/"}) {
    if (!title.starts_with(top)) continue;
    const size_t file = FactFileOf(title.substr(1));
    return file != kNoFactFile && kFactFiles[file].path == title.substr(1) ? file : kNoFactFile;
  }
  const size_t program = title.substr(0, title.find(' ')).rfind('/');
  const std::string_view command = title.substr(program + 1);
  if (command == "date" || command == "hostname") return FactFileOf(command);
  if (command == "uname -a") return FactFileOf("uname");
  if (command == "sysctl -a") return FactFileOf("sysctl");
  return kNoFactFile;
}

// The folders of a machine that a bundle's root may hold.
constexpr std::array<std::string_view, 8> kFolders = {
    "proc", "net", "self", "thread-self", "sys", "etc", "sos_commands", "insights_commands"};

// "tcp", "tcp6.txt", "proc_net_tcp.gz"; one with digits behind it is one of several.
bool NamesTable(std::string_view name) {
  const size_t dot = std::min(name.find('.'), name.size());
  std::string_view stem = name.substr(0, dot);
  if (std::any_of(name.begin() + static_cast<ptrdiff_t>(dot), name.end(), IsDigit)) return false;
  for (const std::string_view word : {"proc", "net"}) {
    if (stem.size() > word.size() && stem.starts_with(word) &&
        (stem[word.size()] == '_' || stem[word.size()] == '-')) {
      stem.remove_prefix(word.size() + 1);
    }
  }
  return stem == "tcp" || stem == "tcp6";
}

template <typename T>
void TakeMissing(std::optional<T>& value, const std::optional<T>& other) {
  if (!value) value = other;
}

// Fills in what is missing.
void Complete(Bundle& bundle, const Bundle& other) {
  if (other.date && (!bundle.date || (!bundle.date->time && other.date->time))) {
    bundle.date = other.date;
  }
  if (bundle.unreadable_date.empty()) bundle.unreadable_date = other.unreadable_date;
  if (bundle.host.empty()) bundle.host = other.host;
  TakeMissing(bundle.byte_order, other.byte_order);
  HostFacts& facts = bundle.facts;
  TakeMissing(facts.uname, other.facts.uname);
  if (!facts.port_range_low) {
    facts.port_range_low = other.facts.port_range_low;
    facts.port_range_high = other.facts.port_range_high;
  }
  TakeMissing(facts.somaxconn, other.facts.somaxconn);
  TakeMissing(facts.tcp_max_tw_buckets, other.facts.tcp_max_tw_buckets);
}

bool TellsNothing(const Bundle& told) {
  return !told.date && told.unreadable_date.empty() && told.host.empty() && !told.byte_order &&
         told.facts == HostFacts{};
}

// A fixed order among what files of the same name tell (an archive may hold a member twice).
bool IsLess(const Bundle& a, const Bundle& b) {
  const auto key = [](const Bundle& told) {
    const bool has_time = told.date && told.date->time;
    const HostFacts& facts = told.facts;
    return std::tuple(!has_time, has_time ? told.date->time->utc_ms : 0, std::cref(told.host).get(),
                      told.byte_order, facts.uname, facts.port_range_low, facts.port_range_high,
                      facts.somaxconn, facts.tcp_max_tw_buckets, told.unreadable_date);
  };
  return key(a) < key(b);
}

std::string HostInPath(std::string_view path) {
  while (!path.empty()) {
    const size_t separator = path.find_last_of(kPathSeparators);
    if (std::string host = HostOfBundleName(path.substr(separator + 1)); !host.empty()) return host;
    path = path.substr(0, separator == path.npos ? 0 : separator);
  }
  return {};
}

}  // namespace

Bundles::Bundles(std::string name, Zone zone) : name_(std::move(name)), zone_(std::move(zone)) {}

bool Bundles::TellsSomething(std::string_view path) { return FactFileOf(path) != kNoFactFile; }

void Bundles::AddPath(std::string_view path) {
  size_t begin = 0;
  for (size_t end = path.find_first_of(kPathSeparators); end != path.npos;
       end = path.find_first_of(kPathSeparators, begin)) {
    if (!HostOfBundleName(path.substr(begin, end - begin)).empty()) At(path.substr(0, end + 1));
    begin = end + 1;
  }
}

void Bundles::AddFact(std::string_view path, std::string_view content) {
  const size_t file = FactFileOf(path);
  if (file == kNoFactFile) return;
  const std::string_view root = path.substr(0, path.size() - kFactFiles[file].path.size());
  if (content.size() >= kFactFileBytes) {  // the last line may be cut: 40 of 4096
    content = content.substr(0, content.substr(0, kFactFileBytes).rfind('\n') + 1);
  }
  const bool sections = kFactFiles[file].path.ends_with(".txt") && IsSectioned(content);
  if (!sections) {
    Take(root, file, content, false);
    return;
  }
  while (!content.empty()) {
    if (!TakeLine(content).starts_with("#==[ ")) continue;
    const std::string_view title = TakeLine(content);
    const size_t end = std::min(content.find("\n#==["), content.size());
    if (title.starts_with('#')) {
      Take(root, FactFileOfSection(Trimmed(title.substr(1))), content.substr(0, end), true);
    }
  }
}

// What one file or section tells goes to its bundle.
void Bundles::Take(std::string_view root, size_t trust, std::string_view content,
                   bool supportconfig) {
  if (trust == kNoFactFile || kFactFiles[trust].read == nullptr) return;
  Bundle told;
  kFactFiles[trust].read(content, zone_, told);
  if (TellsNothing(told)) return;
  Found& found = At(root);
  found.is_supportconfig |= supportconfig;
  const auto [place, added] = found.told.try_emplace(trust, told);
  if (!added && IsLess(told, place->second)) place->second = std::move(told);
  Rebuild(found);
}

Bundles::Found& Bundles::At(std::string_view root) {
  const auto known = by_root_.find(root);
  if (known != by_root_.end()) return known->second;
  Found& found = by_root_[std::string(root)];
  found.bundle.root = root;
  found.host_of_name = HostInPath(root);
  if (found.host_of_name.empty()) found.host_of_name = HostInPath(name_);
  Rebuild(found);
  return found;
}

void Bundles::Rebuild(Found& found) {
  Bundle bundle;
  bundle.root = found.bundle.root;
  for (const auto& [trust, told] : found.told) Complete(bundle, told);
  if (bundle.host.empty()) bundle.host = found.host_of_name;
  if (bundle.date) bundle.unreadable_date.clear();
  found.bundle = std::move(bundle);
}

bool Bundles::Holds(const Found& found, std::string_view rest) {
  const size_t separator = rest.find_first_of(kPathSeparators);
  if (separator == rest.npos) {
    return NamesTable(rest) || (found.is_supportconfig && rest.ends_with(".txt"));
  }
  return rest[separator] == '/' &&
         std::find(kFolders.begin(), kFolders.end(), rest.substr(0, separator)) != kFolders.end();
}

// A file called `date` may be anything: where it is all there is, it makes no bundle in one.
bool Bundles::TellsNoMore(const Found& found) {
  return !found.told.empty() &&
         std::all_of(found.told.begin(), found.told.end(),
                     [](const auto& entry) { return !entry.second.unreadable_date.empty(); });
}

const Bundle* Bundles::Of(std::string_view path) const {
  const Bundle* unreadable = nullptr;
  for (size_t length = path.size(); length > 0; --length) {
    const bool is_root = length == 1 || kPathSeparators.find(path[length - 2]) != path.npos;
    if (!is_root) continue;
    const auto found = by_root_.find(path.substr(0, length - 1));
    if (found == by_root_.end() || !Holds(found->second, path.substr(length - 1))) continue;
    const Bundle& bundle = found->second.bundle;
    if (!TellsNoMore(found->second)) return &bundle;
    if (unreadable == nullptr) unreadable = &bundle;
  }
  return unreadable;
}

bool Bundles::IsBelowRoot(std::string_view path) const {
  if (!path.starts_with('/') && by_root_.contains(std::string_view())) return true;
  for (size_t end = path.find_first_of(kPathSeparators); end != path.npos;
       end = path.find_first_of(kPathSeparators, end + 1)) {
    if (by_root_.contains(path.substr(0, end + 1))) return true;
  }
  return false;
}

}  // namespace tcpsnap::capture
