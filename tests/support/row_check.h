// What holds for every text: the parsers agree, and no line or byte of a dump gets lost. Shared by
// the tests of lib/procnet and the fuzzers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "procnet/dump.h"

namespace tcpsnap::testing {

/// What is wrong with how a line (without '\n') is parsed; empty when all is well: ParseRow equals
/// the reference for every number of extra columns, ParseRows takes nothing that ParseRow does not
/// and the same from it, and refusals name a place in the line.
std::string CheckRow(std::string_view line);

/// True when ParseRows takes the line as a row of `family`.
bool FastPathTakes(std::string_view line, procnet::Family family);

/// What is wrong with how a text is parsed as a dump; empty when all is well: every line is
/// accounted for, every socket is a row of the text by the reference, duplicates are those of the
/// reference, refused lines stand where they say, and reading in pieces (of sizes drawn from
/// `seed`) gives the same.
std::string CheckDump(std::string_view text, uint64_t seed);

/// The text's rows and refused lines in the order in which they were read, duplicates included,
/// read by a DumpBuilder in pieces of sizes drawn from `seed`.
procnet::DumpBuilder ReadInPieces(std::string_view text, uint64_t seed);

/// The lines of a text without their '\n'; `terminated` tells whether the last one had one.
std::vector<std::string_view> Lines(std::string_view text, bool& terminated);

}  // namespace tcpsnap::testing
