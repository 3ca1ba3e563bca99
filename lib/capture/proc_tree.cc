#include "capture/proc_tree.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace tcpsnap::capture {
namespace {

using procnet::SocketRecord;

constexpr uint32_t kMostPids = 4194304;  // PID_MAX_LIMIT, include/linux/threads.h
constexpr size_t kMostHashes = 64;       // of a sketch; namespaces that share one share most
constexpr std::string_view kSeparators = "/!";

// "4711" -> 4711; nullopt where it is no pid.
std::optional<uint32_t> ReadPid(std::string_view text) {
  uint32_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text[0] == '0' || pid > kMostPids) return std::nullopt;
  return pid;
}

// Takes the last folder off a path that ends in a separator: "dest/proc/" -> "dest/", "proc".
std::string_view TakeFolder(std::string_view& path) {
  if (path.empty()) return {};
  const size_t before = path.substr(0, path.size() - 1).find_last_of(kSeparators);
  const size_t begin = before == path.npos ? 0 : before + 1;
  const std::string_view folder = path.substr(begin, path.size() - 1 - begin);
  path = path.substr(0, begin);
  return folder;
}

bool IsProc(std::string_view base) { return TakeFolder(base) == "proc"; }

// A path below /proc: `base` ends in `proc/` unless that is missing.
struct Place {
  std::string_view base;
  std::string_view whose;  // empty: `rest` stands in the base itself
  std::string_view rest;   // "net/tcp", "ns/net", "exe"
};

// `rest` is how the path ends.
std::optional<Place> PlaceOf(std::string_view path, std::string_view rest) {
  if (!path.ends_with(rest) || path.size() == rest.size()) return std::nullopt;
  const std::string_view folder = path.substr(0, path.size() - rest.size());
  if (kSeparators.find(folder.back()) == kSeparators.npos) return std::nullopt;
  std::string_view base = folder;
  const std::string_view last = TakeFolder(base);
  if (last == "proc") return Place{folder, {}, rest};
  if (last != "self" && last != "thread-self" && !ReadPid(last)) return std::nullopt;
  std::string_view above = base;
  if (ReadPid(last) && TakeFolder(above) == "task" && ReadPid(TakeFolder(above))) base = above;
  return Place{base, folder.substr(base.size(), folder.size() - base.size() - 1), rest};
}

std::optional<Place> PlaceOfTable(std::string_view path) {
  const std::optional<Place> place = PlaceOf(path, "net/tcp");
  return place ? place : PlaceOf(path, "net/tcp6");
}

// Equal for the rows of one socket in two reads.
uint64_t HashOf(const SocketRecord& record) {
  std::array<uint32_t, 12> words{};
  std::copy_n(record.local_words, 4, words.begin());
  std::copy_n(record.remote_words, 4, words.begin() + 4);
  words[8] = uint32_t{record.local_port} << 16 | record.remote_port;
  words[9] = static_cast<uint32_t>(record.family);
  words[10] = static_cast<uint32_t>(record.inode);
  words[11] = static_cast<uint32_t>(record.inode >> 32);
  return XXH3_64bits(words.data(), sizeof words);
}

// True for a connection whose endpoints are of this namespace alone. Those of the loopback are the
// same in all of them: clients take their ports from one range. The words are as they are printed,
// 0x0100007F or, of a big-endian machine, 0x7F000001; an address 10.1.2.127 is passed over as well.
bool TellsNamespace(const SocketRecord& record) {
  if (record.state == procnet::State::kListen || record.remote_port == 0) return false;
  const bool is_v4 = record.family == procnet::Family::kTcp;
  const uint32_t* const words = record.remote_words;
  const uint32_t last = is_v4 ? words[0] : words[3];
  const bool may_be_loopback4 = (last & 0xFF) == 127 || last >> 24 == 127;
  const bool is_loopback6 = !is_v4 && words[0] == 0 && words[1] == 0 && words[2] == 0;
  return !may_be_loopback4 && !is_loopback6;
}

// Adds to the smallest hashes, which are sorted and differ.
void Keep(uint64_t hash, std::vector<uint64_t>& smallest) {
  if (smallest.size() == kMostHashes && hash >= smallest.back()) return;
  const auto place = std::lower_bound(smallest.begin(), smallest.end(), hash);
  if (place != smallest.end() && *place == hash) return;
  smallest.insert(place, hash);
  if (smallest.size() > kMostHashes) smallest.pop_back();
}

// What a link says below the base: "self/net" -> "self", "/proc/3255" -> "3255".
std::string_view Target(std::string_view target) {
  while (!target.empty() && target.back() == '/') target.remove_suffix(1);
  const size_t proc = target.rfind("proc/");
  if (proc != target.npos && (proc == 0 || target[proc - 1] == '/')) {
    target.remove_prefix(proc + 5);
  }
  if (target.starts_with("./")) target.remove_prefix(2);
  if (target.ends_with("/net")) target.remove_suffix(4);
  return target;
}

// "net:[4026532281]" -> "4026532281"; empty for anything else.
std::string_view NamespaceNumber(std::string_view target) {
  constexpr std::string_view kBegin = "net:[";
  if (!target.starts_with(kBegin) || !target.ends_with(']')) return {};
  target = target.substr(kBegin.size(), target.size() - kBegin.size() - 1);
  const bool digits =
      std::all_of(target.begin(), target.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? target : std::string_view();
}

// True for what people number folders by: 1, 2, 3, or 10, 20, 30, years, times of day.
bool LooksNumbered(std::vector<uint32_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  if (numbers.size() < 2) return false;
  const uint32_t step = numbers[1] - numbers[0];
  bool even = step == 1 || numbers.size() > 2, years = true, times = true;
  for (size_t i = 0; i < numbers.size(); ++i) {
    even = even && (i == 0 || numbers[i] - numbers[i - 1] == step);
    years = years && numbers[i] >= 1970 && numbers[i] < 2100;
    times = times && numbers[i] >= 1000 && numbers[i] < 2400 && numbers[i] % 100 < 60;
  }
  return even || years || times;
}

}  // namespace

std::optional<ProcPath> ReadProcPath(std::string_view path) {
  const std::optional<Place> place = PlaceOfTable(path);
  if (!place) return std::nullopt;
  std::string_view root = place->base;
  if (IsProc(root)) TakeFolder(root);
  return ProcPath{root, place->whose, path.back() == '6'};
}

// The processes of one tree, and which of them are in one namespace.
class ProcTrees::Tree {
 public:
  Tree(const ProcTrees& trees, std::string_view base) : trees_(trees), base_(base) {}

  void Add(std::string_view whose, const std::string& path, const Sketch& sketch);
  void Decide(std::map<std::string, Decision, std::less<>>& decisions);

 private:
  // Whose table it is, in the order of preference.
  enum class Kind : uint8_t { kNet, kSelf, kThreadSelf, kProcess, kThread };
  struct Node {
    std::string_view whose;
    Kind kind = Kind::kProcess;
    uint32_t number = 0;                        // its pid, or tid
    std::string_view netns;                     // by its link; empty: unknown
    std::array<const std::string*, 2> paths{};  // of tcp and tcp6
    std::array<const Sketch*, 2> tables{};
    size_t parent = 0;  // towards the node that stands for its namespace
  };

  bool MayBeSnapshots() const;
  std::string_view LinkOf(std::string_view name) const;
  void ReadNamespaces();
  std::vector<uint64_t> Keys(const Node& node) const;
  size_t Find(size_t node);
  void Unite(size_t a, size_t b) { nodes_[Find(a)].parent = Find(b); }
  void UniteKnown();
  void UniteByContent();
  std::string_view NetTarget() const;
  std::optional<size_t> NamespaceOf(std::string_view whose);
  size_t MainNamespace();
  void DecideNamespace(const std::vector<size_t>& members, bool main,
                       std::map<std::string, Decision, std::less<>>& decisions) const;

  const ProcTrees& trees_;
  std::string_view base_;
  std::vector<Node> nodes_;
  std::map<std::string_view, size_t> by_whose_;
};

void ProcTrees::Tree::Add(std::string_view whose, const std::string& path, const Sketch& sketch) {
  const auto [place, added] = by_whose_.try_emplace(whose, nodes_.size());
  if (added) {
    Node node;
    node.whose = whose;
    node.parent = nodes_.size();
    const std::optional<uint32_t> number = ReadPid(whose.substr(whose.rfind('/') + 1));
    node.number = number.value_or(0);
    node.kind = whose.empty()                          ? Kind::kNet
                : whose == "self"                      ? Kind::kSelf
                : whose == "thread-self"               ? Kind::kThreadSelf
                : whose.find('/') == std::string::npos ? Kind::kProcess
                                                       : Kind::kThread;
    nodes_.push_back(node);
  }
  const size_t family = path.back() == '6';
  nodes_[place->second].paths[family] = &path;
  nodes_[place->second].tables[family] = &sketch;
}

// The target of a link in the tree; empty where there is none.
std::string_view ProcTrees::Tree::LinkOf(std::string_view name) const {
  const auto link = trees_.links_.find(std::string(base_) + std::string(name));
  return link == trees_.links_.end() ? std::string_view() : std::string_view(link->second);
}

bool ProcTrees::Tree::MayBeSnapshots() const {
  if (IsProc(base_) || trees_.copies_.contains(base_)) return false;
  std::vector<uint32_t> numbers;
  for (const Node& node : nodes_) {
    if (node.kind != Kind::kProcess) return false;
    numbers.push_back(node.number);
  }
  return LooksNumbered(std::move(numbers));
}

void ProcTrees::Tree::ReadNamespaces() {
  for (Node& node : nodes_) {
    node.netns = NamespaceNumber(LinkOf(std::string(node.whose) + "/ns/net"));
    if (!node.netns.empty()) continue;
    // The first thread is the process.
    const std::string number = std::to_string(node.number);
    const std::string twin = number + "/task/" + number;
    if (node.kind == Kind::kProcess) node.netns = NamespaceNumber(LinkOf(twin + "/ns/net"));
    if (node.whose == twin) node.netns = NamespaceNumber(LinkOf(number + "/ns/net"));
  }
}

// Equal keys of two nodes mean one namespace. Tables without any inode must be equal as a whole, or
// have a connection in common; processes without any socket have the key 0.
std::vector<uint64_t> ProcTrees::Tree::Keys(const Node& node) const {
  std::vector<uint64_t> keys;
  for (const size_t family : {size_t{0}, size_t{1}}) {
    const Sketch* sketch = node.tables[family];
    if (sketch == nullptr) continue;
    keys.insert(keys.end(), sketch->listening.begin(), sketch->listening.end());
    keys.insert(keys.end(), sketch->owned.begin(), sketch->owned.end());
    if (sketch->owned.empty() && sketch->rows > 0) {
      const std::array<uint64_t, 3> all = {sketch->rows, sketch->endpoints, family};
      keys.push_back(XXH3_64bits(all.data(), sizeof all));
      keys.insert(keys.end(), sketch->unowned.begin(), sketch->unowned.end());
    }
  }
  if (keys.empty()) keys.push_back(0);
  return keys;
}

size_t ProcTrees::Tree::Find(size_t node) {
  while (nodes_[node].parent != node) {
    nodes_[node].parent = nodes_[nodes_[node].parent].parent;
    node = nodes_[node].parent;
  }
  return node;
}

// Those of which a link says the number, and each process with its first thread.
void ProcTrees::Tree::UniteKnown() {
  std::map<std::string_view, size_t> first;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].netns.empty()) continue;
    const auto [place, added] = first.try_emplace(nodes_[i].netns, i);
    if (!added) Unite(i, place->second);
  }
  for (const auto& [whose, thread] : by_whose_) {
    if (nodes_[thread].kind != Kind::kThread) continue;
    const auto process = by_whose_.find(whose.substr(0, whose.find('/')));
    if (process == by_whose_.end()) continue;
    const Node& twin = nodes_[process->second];
    const bool is_first = twin.number == nodes_[thread].number;
    if (is_first && twin.netns == nodes_[thread].netns) Unite(thread, process->second);
  }
}

// Those without a link: with each other, then with a namespace that is known by its number. They
// never join two of these: what their links say outweighs what they share.
void ProcTrees::Tree::UniteByContent() {
  std::unordered_map<uint64_t, size_t> linked, unlinked;
  const auto number = [this](size_t i) {
    return std::tuple(nodes_[i].netns.size(), nodes_[i].netns);
  };
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const bool has_link = !nodes_[i].netns.empty();
    for (const uint64_t key : Keys(nodes_[i])) {
      const auto [place, added] = (has_link ? linked : unlinked).try_emplace(key, i);
      if (added) continue;
      if (!has_link) {
        Unite(i, place->second);
      } else if (number(i) < number(place->second)) {
        place->second = i;
      }
    }
  }
  std::map<size_t, size_t> joins;  // the node that stands for some -> the linked one
  for (const auto& [key, node] : unlinked) {
    const auto known = linked.find(key);
    if (known == linked.end()) continue;
    const auto [place, added] = joins.try_emplace(Find(node), known->second);
    if (!added && number(known->second) < number(place->second)) place->second = known->second;
  }
  for (const auto& [node, known] : joins) Unite(node, known);
}

// Whose the table is that proc/net leads to; "" where that is no link.
std::string_view ProcTrees::Tree::NetTarget() const {
  std::string_view whose = Target(LinkOf("net"));
  for (int steps = 0; steps < 4; ++steps) {  // net, self, a process; more is a circle
    const std::string_view next = whose.empty() ? whose : Target(LinkOf(whose));
    if (next.empty()) return whose;
    whose = next;
  }
  return {};
}

// The namespace of a process: by its tables, else by its link alone.
std::optional<size_t> ProcTrees::Tree::NamespaceOf(std::string_view whose) {
  if (const auto node = by_whose_.find(whose); node != by_whose_.end()) return Find(node->second);
  if (whose.empty()) return std::nullopt;
  const std::string_view netns = NamespaceNumber(LinkOf(std::string(whose) + "/ns/net"));
  for (size_t i = 0; i < nodes_.size() && !netns.empty(); ++i) {
    if (nodes_[i].netns == netns) return Find(i);
  }
  return std::nullopt;
}

// That of pid 1, of proc/net, of self, else the one with the most processes or the lowest pid.
size_t ProcTrees::Tree::MainNamespace() {
  std::string_view self = Target(LinkOf("self"));
  if (self.empty()) self = "self";
  for (const std::string_view whose : {std::string_view("1"), NetTarget(), self}) {
    if (const std::optional<size_t> found = NamespaceOf(whose)) return *found;
  }
  std::map<size_t, std::pair<size_t, uint32_t>> sizes;  // processes, kMostPids - lowest number
  for (size_t i = 0; i < nodes_.size(); ++i) {
    auto& [processes, early] = sizes[Find(i)];
    processes += nodes_[i].kind != Kind::kThread;
    early = std::max(early, kMostPids - nodes_[i].number);
  }
  return std::max_element(sizes.begin(), sizes.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

void ProcTrees::Tree::DecideNamespace(
    const std::vector<size_t>& members, bool main,
    std::map<std::string, Decision, std::less<>>& decisions) const {
  const std::string_view net = NetTarget();
  std::vector<const Node*> nodes;
  for (const size_t i : members) nodes.push_back(&nodes_[i]);
  const auto preference = [net](const Node* node) {
    const bool lacks_one = node->tables[0] == nullptr || node->tables[1] == nullptr;
    return std::tuple(net.empty() || node->whose != net, node->kind, lacks_one, node->number);
  };
  std::sort(nodes.begin(), nodes.end(),
            [&](const Node* a, const Node* b) { return preference(a) < preference(b); });

  Decision decision;
  uint32_t lowest = kMostPids + 1;
  for (const Node* node : nodes) {
    if (decision.netns.empty()) decision.netns = node->netns;
    if (node->number > 0) lowest = std::min(lowest, node->number);
  }
  if (decision.netns.empty() && lowest <= kMostPids) {
    decision.netns = "pid-" + std::to_string(lowest);
  } else if (decision.netns.empty()) {
    decision.netns = nodes[0]->whose.empty() ? "proc-net" : "proc-" + std::string(nodes[0]->whose);
  }
  if (main) decision.netns.clear();
  for (const size_t family : {size_t{0}, size_t{1}}) {
    decision.read = true;
    decision.copy_of.clear();
    for (const Node* node : nodes) {
      if (node->paths[family] == nullptr) continue;
      decisions[*node->paths[family]] = decision;
      if (decision.read) decision.copy_of = *node->paths[family];
      decision.read = false;
    }
  }
}

void ProcTrees::Tree::Decide(std::map<std::string, Decision, std::less<>>& decisions) {
  if (MayBeSnapshots()) return;
  ReadNamespaces();
  UniteKnown();
  UniteByContent();
  const size_t main = MainNamespace();
  std::map<size_t, std::vector<size_t>> namespaces;
  for (size_t i = 0; i < nodes_.size(); ++i) namespaces[Find(i)].push_back(i);
  for (const auto& [found, members] : namespaces) {
    DecideNamespace(members, found == main, decisions);
  }
}

void ProcTrees::AddLink(std::string_view path, std::string_view target) {
  decisions_.reset();
  while (target.ends_with('\n')) target.remove_suffix(1);
  const std::string_view name = path.substr(path.find_last_of(kSeparators) + 1);
  const std::optional<Place> netns = PlaceOf(path, "ns/net");
  if ((netns && !netns->whose.empty()) || name == "net" || name == "self" ||
      name == "thread-self") {
    links_[std::string(path)] = target;
  }
  if (name == "self" || name == "thread-self") {
    copies_.emplace(path.substr(0, path.size() - name.size()));
  }
  for (const std::string_view rest : {"ns/net", "exe", "cwd", "root"}) {
    const std::optional<Place> place = PlaceOf(path, rest);
    if (place) copies_.emplace(place->base);
  }
}

void ProcTrees::AddTable(std::string_view path, const procnet::Records& records) {
  const std::optional<Place> place = PlaceOfTable(path);
  if (!place) return;
  decisions_.reset();
  if (place->whose.find('/') != place->whose.npos) copies_.emplace(place->base);
  Sketch sketch;
  sketch.rows = records.size();
  for (const SocketRecord& record : records) {
    const uint64_t hash = HashOf(record);
    sketch.endpoints += hash;
    if (record.inode == 0) {
      if (TellsNamespace(record)) Keep(hash, sketch.unowned);
      continue;
    }
    Keep(hash, sketch.owned);
    if (record.state == procnet::State::kListen) Keep(hash, sketch.listening);
  }
  tables_[std::string(path)] = std::move(sketch);
}

ProcTrees::Decision ProcTrees::Of(std::string_view path) const {
  if (!decisions_) {
    decisions_.emplace();
    std::map<std::string_view, Tree> trees;
    for (const auto& [table, sketch] : tables_) {
      const Place place = *PlaceOfTable(table);
      trees.try_emplace(place.base, *this, place.base)
          .first->second.Add(place.whose, table, sketch);
    }
    for (auto& [base, tree] : trees) tree.Decide(*decisions_);
  }
  const auto decision = decisions_->find(path);
  return decision == decisions_->end() ? Decision{} : decision->second;
}

}  // namespace tcpsnap::capture
