// One record of JSON -> the lines that it stands for, while a parser goes through it.
//
// What counts in an object: keys that tell the time, the host and the file, and strings (or arrays
// of strings, a line each) that hold a dump. The nearest time, host and file up the tree count. So
// what stands in an object waits until the object ends: its time may come last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tcpsnap::capture {

/// Lines of text that were strings of JSON.
struct RecordText {
  struct Place {
    size_t begin;   ///< in `text`
    uint64_t line;  ///< of the JSON, for the text from there on
  };
  std::string prefix;         ///< stands before each line that is not empty
  std::string text;           ///< each line with its '\n'
  std::vector<Place> places;  ///< the first begins at 0
};

/// True when a text holds the header or a row of a table, anywhere in a line.
bool HoldsDump(std::string_view text);

/// Hears of the pieces of one value after another, in order.
class JsonRecord {
 public:
  /// Forgets a value that was not finished. A new one begins, `texts` were taken out.
  void Clear();

  /// False where the value is nested deeper than any log.
  bool OpenObject() { return Open(true); }
  bool OpenArray() { return Open(false); }
  void Close();
  void Key(std::string&& key);
  /// False where so many strings wait that they would take far more memory than their JSON.
  bool String(std::string&& text, uint64_t line);
  void Integer(uint64_t value);
  void Fraction(double value);

  /// What is to be written, in order; the caller takes it out.
  std::deque<RecordText>& texts() { return texts_; }
  /// True where String was false.
  bool is_full() const;

 private:
  // The value of the most trusted of several keys.
  struct Fact {
    std::string value;
    size_t rank = SIZE_MAX;
    void Offer(std::string_view offered, size_t offered_rank);
  };
  struct Level {
    bool is_object = false;
    bool is_host = false;    // {"host": {"name": ...}}
    bool is_labels = false;  // {"kubernetes": {...}}: its pod is that of the object around it
    std::string key;         // the last one; in an array the one that names it
    std::string table_path;  // of the table that the keys down to here name
    Fact time, host, path;
    size_t first_kept = 0;  // of kept_
    RecordText strings;     // of an array
  };
  // A text with what is known of it.
  struct Kept {
    RecordText text;
    bool is_log = false;  // the text of a log's record, whatever it is
    bool holds_dump = false;
    std::string path;
    std::string host;
  };

  bool Open(bool is_object);
  void NoteFacts(Level& level, std::string_view text);
  static void OfferHost(Level& level, std::string_view key, std::string_view host);
  void KeepText(RecordText&& text, bool is_log, const std::string& path);
  void CloseObject(Level& level);
  void FillFrom(const Level& level, size_t first);
  void Flush(size_t first, const std::string& time);
  void WriteLog(Kept& kept, const std::string& time);
  void WriteDump(Kept& kept, const std::string& time, bool& time_written);

  std::vector<Level> levels_;
  std::vector<Kept> kept_;
  std::deque<RecordText> texts_;
  size_t held_bytes_ = 0;  // about what kept_, texts_ and the strings of arrays take
};

}  // namespace tcpsnap::capture
