// What a terminal was sent -> characters and control sequences.
#pragma once

#include <cstddef>
#include <cstdint>

#include "capture/screen.h"

namespace tcpsnap::capture {

/// Takes escape sequences out of a stream of bytes (ECMA-48, as xterm reads it): ESC [ (CSI), the
/// strings ESC ] P X ^ _ and k up to BEL or ESC \, charsets and other short ones. One that is
/// damaged ends with its line at the latest.
class EscapeParser {
 public:
  enum class Event : uint8_t {
    kNothing,   ///< the byte belongs to a sequence
    kByte,      ///< it is a character or a control character
    kSequence,  ///< it ended sequence()
    kEscape,    ///< it ended a short one: ESC and this byte
  };
  Event Take(char byte);
  const ControlSequence& sequence() const { return sequence_; }

 private:
  enum class State : uint8_t { kText, kEscape, kCharset, kControl, kString, kStringEscape };

  Event TakeBehindEscape(char byte);
  Event TakeInControl(char byte);

  State state_ = State::kText;
  ControlSequence sequence_;
};

}  // namespace tcpsnap::capture
