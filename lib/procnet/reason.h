// Why a line was refused: one closed list, each with a name for databases and a sentence for
// people.
#pragma once

#include <cstdint>
#include <string_view>

namespace tcpsnap::procnet {

enum class Reason : uint8_t {
  kNone,  ///< not refused
  kNotARow,
  kBadSlot,
  kBadAddress,
  kMixedFamilies,
  kBadState,
  kBadQueue,
  kBadTimer,
  kBadRetransmits,
  kBadUid,
  kBadProbes,
  kBadInode,
  kBadReference,
  kBadPointer,
  kBadTail,
  kCutRow,
  kJoinedRow,
  kUdpRow,
  kForeignFamily,
  kLineTooLong,
  kNoTime,
  kBadJson,
  kLostRows,
  kCount,  ///< how many there are; no reason
};

/// A stable lower-case word: "cut_row". Stored in databases; never renamed.
std::string_view ReasonName(Reason reason) noexcept;

/// One sentence that says what is wrong and what to do.
std::string_view ReasonSentence(Reason reason) noexcept;

}  // namespace tcpsnap::procnet
