#include "capture/survey.h"

#include "capture/dump_splitter.h"

namespace tcpsnap::capture {
namespace {

class Surveyor : public DumpEvents {
 public:
  Surveyor(std::optional<uint64_t> limit, bool whole) : limit_(limit), whole_(whole) {}

  void OnMarker(const Marker& marker, const Line& line) override {
    if (!marker.time) return;
    ++survey.times;
    if (survey.has_markers) return;
    survey.has_markers = true;
    survey.first_time = marker.time;
    survey.first_time_line = line.position.line;
    survey.first_time_text = line.text;
  }
  void OnDump(FoundDump& dump) override {
    survey.has_dumps = true;
    NoteRefused(dump.refused);
    survey.moments += !dump.same_moment;
    for (const procnet::SocketRecord& record : dump.records) survey.vote.Add(record);
  }
  void OnStrayRefused(std::vector<procnet::RefusedLine>& lines) override { NoteRefused(lines); }
  void OnForeignTable(procnet::Table table) override {
    if (!survey.foreign) survey.foreign = table;
  }
  bool WantsToStop() const override {
    if (limit_ && bytes_read >= *limit_) return true;
    return !whole_ && survey.has_markers && survey.has_dumps && survey.vote.decided();
  }

  Survey survey;
  uint64_t bytes_read = 0;

 private:
  // Rows of a udp table without its header are another table, no damage.
  void NoteRefused(const std::vector<procnet::RefusedLine>& lines) {
    for (const procnet::RefusedLine& line : lines) {
      if (line.reason == procnet::Reason::kUdpRow) {
        survey.foreign = survey.foreign.value_or(procnet::Table::kUdp);
      } else {
        survey.has_refused = true;
      }
    }
  }

  std::optional<uint64_t> limit_;
  bool whole_;
};

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

Survey SurveySource(ByteSource& source, const Zone& zone, bool whole,
                    const std::function<void()>& on_read) {
  Surveyor surveyor(source.RewindLimit(), whole);
  TextWindow text(source, [&](std::string_view bytes) {
    surveyor.bytes_read += bytes.size();
    on_read();
  });
  SplitDumps(text, {zone, false}, surveyor);
  source.Rewind();
  return std::move(surveyor.survey);
}

void CheckIsText(std::string_view head) {
  const auto refuse = [](const std::string& message) {
    throw CaptureError(Trouble::kNoCapture, message);
  };
  if (head.empty()) refuse("the file is empty");
  struct Magic {
    std::string_view bytes;
    const char* unpack;
  };
  for (const Magic& magic : {Magic{"\x1F\x8B", "zcat"},
                             Magic{"\xFD"
                                   "7zXZ",
                                   "xzcat"},
                             Magic{"\x28\xB5\x2F\xFD", "zstdcat"}, Magic{"BZh", "bzcat"}}) {
    if (StartsWith(head, magic.bytes)) {
      refuse(std::string("the file is compressed; pipe it in: ") + magic.unpack +
             " FILE | tcpsnap-ingest DB -");
    }
  }
  if (StartsWith(head, "PK\x03\x04")) refuse("the file is a zip archive; unpack it first");
  if (StartsWith(head, "\xFF\xFE") || StartsWith(head, "\xFE\xFF")) {
    refuse("the file is UTF-16 text; convert it: iconv -f UTF-16 -t UTF-8");
  }
  if (StartsWith(head, "SQLite format 3")) refuse("the file is a database, no capture");
  if (const size_t nul = head.find('\0'); nul != head.npos) {
    refuse("the file is binary (a NUL byte at offset " + std::to_string(nul) + ")");
  }
}

}  // namespace tcpsnap::capture
