// Three parts of a row, each read as a whole:
//
//   371: 0100007F:1538 0A00000A:C350 01 00000000:00000000 02:000A7D8C 00000000  1000        0 36017
//   ^ base, 4 before the colon          hex columns, at fixed places    aligned ^ uid       tail ^
//
// - The hex columns lie in the first 128 characters. A table look-up turns each character into its
//   value, a blank or colon into a mark; a comparison shows marks and values out of place. Two
//   permutations then fetch the high and the low digit of every byte of the record.
// - `sl`, `uid` and `timeout` are right-aligned at fixed places.
// - The tail, from the blank before the inode to the line's end, is 64 characters. A mask of the
//   word starts and one of their ends, compressed, are the places of all words; from the ends,
//   each number's digits are fetched right-aligned, those of absent columns as zeros: a minisocket
//   and a full one need no branch.
//
// What is wrong is collected in vectors and looked at once. Columns of more digits than these
// places hold are ParseRowsPortable's.
#include "procnet/row_fast_avx512.h"

#if defined(__x86_64__)

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "procnet/row_fast_avx.h"

#define TCPSNAP_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,popcnt")))
// g++ would call the row's function, and load all constants anew in it: a fifth slower.
#define TCPSNAP_AVX512_INLINE TCPSNAP_AVX512 __attribute__((always_inline)) inline

namespace tcpsnap::procnet {
namespace {

// A character's value as a hex digit, or a mark above it.
constexpr uint8_t kColon = 0x20, kBlank = 0x40, kOther = 0x80, kMarks = 0xF0;

consteval Bytes<128> Values(char letter_a) {
  Bytes<128> values{};
  values.fill(kOther);
  for (uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (uint8_t i = 0; i < 6; ++i) values[static_cast<uint8_t>(letter_a) + i] = 10 + i;
  values[':'] = kColon;
  values[' '] = kBlank;
  return values;
}
constexpr Bytes<128> kUpperHex = Values('A');  // of addresses
constexpr Bytes<128> kLowerHex = Values('a');  // of pointers

// Where the retransmits are put for a moment: behind what comes from hex, where the uid will be.
constexpr size_t kRetransmitsAside = offsetof(SocketRecord, uid);

// How the hex columns become the first 64 bytes of a record.
struct Hex {
  Bytes<128> expected{};      // marks by place, 0 for a digit
  Bytes<128> checked{};       // kMarks where `expected` says anything
  Bytes<64> high{}, low{};    // the places of the digits of each byte
  Bytes<64> least{}, span{};  // what each byte may be: least to least + span
  Bytes<64> constant{};
  uint64_t filled = 0;  // the bytes with digits

  consteval void Mark(uint8_t place, uint8_t mark) {
    expected[place] = mark;
    checked[place] = kMarks;
  }
  // A number of `size` bytes in twice as many digits, the highest first.
  consteval void Number(size_t offset, size_t size, uint8_t place) {
    for (size_t i = 0; i < size; ++i) {
      const size_t byte = offset + size - 1 - i;
      high[byte] = static_cast<uint8_t>(place + 2 * i);
      low[byte] = static_cast<uint8_t>(place + 2 * i + 1);
      filled |= uint64_t{1} << byte;
      Mark(high[byte], 0);
      Mark(low[byte], 0);
    }
  }
  consteval void Range(size_t byte, uint8_t first, uint8_t last) {
    least[byte] = first;
    span[byte] = last - first;
  }
};

template <Family kFamily>
consteval Hex MakeHex() {
  using P = Places<kFamily>;
  Hex hex;
  for (size_t i = 0; i < P::kAddressDigits / 8; ++i) {
    hex.Number(offsetof(SocketRecord, local_words) + 4 * i, 4,
               static_cast<uint8_t>(P::kLocal + 8 * i));
    hex.Number(offsetof(SocketRecord, remote_words) + 4 * i, 4,
               static_cast<uint8_t>(P::kRemote + 8 * i));
  }
  hex.Number(offsetof(SocketRecord, local_port), 2, P::kRemote - 5);
  hex.Number(offsetof(SocketRecord, remote_port), 2, P::kState - 5);
  hex.Number(offsetof(SocketRecord, state), 1, P::kState);
  hex.Number(offsetof(SocketRecord, timer), 1, P::kTimer);
  hex.Number(offsetof(SocketRecord, tx_queue), 4, P::kTxQueue);
  hex.Number(offsetof(SocketRecord, rx_queue), 4, P::kRxQueue);
  hex.Number(offsetof(SocketRecord, timer_ticks), 4, P::kTicks);
  hex.Number(kRetransmitsAside, 4, P::kRetransmits);
  hex.span.fill(0xFF);
  hex.Range(offsetof(SocketRecord, state), 1, kStateCount);
  hex.Range(offsetof(SocketRecord, timer), 0, 4);
  hex.constant[offsetof(SocketRecord, family)] = static_cast<uint8_t>(kFamily);
  for (const int place : {4, P::kRemote - 6, P::kState - 6, P::kRxQueue - 1, P::kTicks - 1}) {
    hex.Mark(static_cast<uint8_t>(place), kColon);
  }
  for (const int place : {5, P::kRemote - 1, P::kState - 1, P::kTxQueue - 1, P::kTimer - 1,
                          P::kRetransmits - 1, P::kUid - 1}) {
    hex.Mark(static_cast<uint8_t>(place), kBlank);
  }
  return hex;
}
template <Family kFamily>
constexpr Hex kHex = MakeHex<kFamily>();

// `sl`, `uid` and `timeout` in 8 characters each, then the blanks behind the latter two. Places in
// the 32 characters from `base` on, and 32 more for those from the uid on.
consteval Bytes<32> MakeAligned() {
  constexpr uint8_t kBlankPlace = 5, kUid = 32, kUidEnd = kUid + 5, kProbesEnd = kUid + 14;
  Bytes<32> places{};
  for (uint8_t i = 0; i < 8; ++i) {
    places[i] = i < 4 ? kBlankPlace : i - 4;
    places[8 + i] = i < 3 ? kBlankPlace : kUidEnd - 8 + i;
    places[16 + i] = kProbesEnd - 8 + i;
    places[24 + i] = i % 2 == 0 ? kUidEnd : kProbesEnd;
  }
  return places;
}
constexpr Bytes<32> kAligned = MakeAligned();

// The numbers among the words of the tail, in 8 digits each, the inode in twice 8.
// All numbers are stored at once, the inode's two where retransmits and probes then are.
static_assert(offsetof(SocketRecord, references) == offsetof(SocketRecord, retransmits) + 8);
static_assert(offsetof(SocketRecord, ssthresh) == offsetof(SocketRecord, retransmits) + 28);
constexpr uint8_t kNumberWords[8] = {0, 0, 1, 3, 4, 5, 6, 7};
struct Tail {
  Bytes<64> places{};             // 0, 1, 2, ...
  Bytes<64> word{};               // the word of each digit
  Bytes<64> from_end{};           // and its place, from the word's end
  Bytes<16> most_digits{};        // of each word
  Bytes<16> wrong_length_bits{};  // a pointer has 8 or 16 digits
  Bytes<16> pointer_from_end{};
};
consteval Tail MakeTail() {
  Tail tail;
  for (uint8_t i = 0; i < 64; ++i) {
    tail.places[i] = i;
    tail.word[i] = kNumberWords[i / 8];
    tail.from_end[i] = static_cast<uint8_t>(i % 8 - (i < 8 ? 16 : 8));
  }
  tail.most_digits.fill(8);
  tail.most_digits[0] = tail.most_digits[kPointerWord] = 16;
  tail.wrong_length_bits[kPointerWord] = 7;
  // The lowest byte first, but its high digit first.
  for (uint8_t i = 0; i < 16; ++i) {
    tail.pointer_from_end[i] = static_cast<uint8_t>(i % 2 - 2 - (i / 2) * 2);
  }
  return tail;
}
constexpr Tail kTail = MakeTail();

TCPSNAP_AVX512_INLINE uint64_t Low64(__m128i pair) noexcept {
  return static_cast<uint64_t>(_mm_cvtsi128_si64(pair));
}

TCPSNAP_AVX512_INLINE uint64_t High64(__m128i pair) noexcept {
  return static_cast<uint64_t>(_mm_extract_epi64(pair, 1));
}

TCPSNAP_AVX512_INLINE __m512i Load64(const void* bytes) noexcept {
  return _mm512_loadu_si512(bytes);
}

TCPSNAP_AVX512_INLINE __m256i Load32(const void* bytes) noexcept {
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}

TCPSNAP_AVX512_INLINE __m128i Load16(const void* bytes) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(bytes));
}

// Functions of three bits: a | b | c, a | (b & c), (a ^ b) & c.
constexpr int kOr = 0xFE, kOrAnd = 0xF8, kXorAnd = 0x28;

// Each character's entry in a table, or one with kOther: a permutation takes no notice of the
// highest bit.
TCPSNAP_AVX512_INLINE __m512i LookUp(__m512i characters, const Bytes<128>& table) noexcept {
  const __m512i entries =
      _mm512_permutex2var_epi8(Load64(&table[0]), characters, Load64(&table[64]));
  return _mm512_ternarylogic_epi64(entries, characters, _mm512_set1_epi8(static_cast<char>(kOther)),
                                   kOrAnd);
}

// What is wrong with a row, in any bit of any of them.
struct Errors {
  uint64_t bits;
  __m128i words;
  __m256i aligned;
  __m512i hex, tail;
};

TCPSNAP_AVX512_INLINE bool Any(const Errors& errors) noexcept {
  const __m256i small = _mm256_or_si256(errors.aligned, _mm256_zextsi128_si256(errors.words));
  const __m512i all =
      _mm512_ternarylogic_epi64(errors.hex, errors.tail, _mm512_zextsi256_si512(small), kOr);
  return (errors.bits | _mm512_test_epi64_mask(all, all)) != 0;
}

// The first 64 bytes of the record.
template <Family kFamily>
TCPSNAP_AVX512_INLINE __m512i HexColumns(__m512i text, __m512i more_text,
                                         __m512i& errors) noexcept {
  const Hex& hex = kHex<kFamily>;
  const __m512i first = LookUp(text, kUpperHex);
  const __m512i second = LookUp(more_text, kUpperHex);
  const __m512i misplaced =
      _mm512_ternarylogic_epi64(first, Load64(&hex.expected[0]), Load64(&hex.checked[0]), kXorAnd);
  const __m512i more_misplaced = _mm512_ternarylogic_epi64(second, Load64(&hex.expected[64]),
                                                           Load64(&hex.checked[64]), kXorAnd);
  const __m512i high = _mm512_maskz_permutex2var_epi8(hex.filled, first, Load64(&hex.high), second);
  const __m512i low = _mm512_maskz_permutex2var_epi8(hex.filled, first, Load64(&hex.low), second);
  const __m512i bytes = _mm512_or_si512(_mm512_slli_epi16(high, 4), low);
  const __m512i above =
      _mm512_subs_epu8(_mm512_sub_epi8(bytes, Load64(&hex.least)), Load64(&hex.span));
  errors = _mm512_ternarylogic_epi64(misplaced, more_misplaced, above, kOr);
  return _mm512_or_si512(bytes, Load64(&hex.constant));
}

// Eight digits each, as their values, to a number each: to pairs, fours and eights.
TCPSNAP_AVX512_INLINE __m512i JoinDecimal(__m512i digits) noexcept {
  const __m512i pairs = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(1 << 8 | 10));
  const __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(1 << 16 | 100));
  return _mm512_add_epi64(_mm512_mul_epu32(fours, _mm512_set1_epi64(10'000)),
                          _mm512_srli_epi64(fours, 32));
}

// The last four digits of `sl`, then `uid` and `timeout`, the blanks in front of them as zeros.
TCPSNAP_AVX512_INLINE __m256i AlignedColumns(const char* base, const char* uid,
                                             Errors& errors) noexcept {
  const __m256i text = _mm256_permutex2var_epi8(Load32(base), Load32(kAligned.data()), Load32(uid));
  const __mmask32 other = _mm256_cmpneq_epi8_mask(text, _mm256_set1_epi8(' '));
  const __m256i digits = _mm256_maskz_sub_epi8(other, text, _mm256_set1_epi8('0'));
  errors.aligned = _mm256_subs_epu8(digits, _mm256_set1_epi8(9));
  const uint32_t blanks = ~other;  // a bit for each of what kAligned fetches
  // The last character of a number is none. So 1 added to its 8 bits stays in them, and clears all
  // of them where the blanks are in front.
  errors.bits |= (blanks & 0xFF808080) ^ 0xFF000000;
  errors.bits |= blanks & (blanks + 0x00010101) & 0x00FFFFFF;
  return _mm512_castsi512_si256(JoinDecimal(_mm512_castsi256_si512(digits)));
}

// The words of the tail, a byte each: where they start and end. Zeros where there are fewer.
struct Words {
  int count;
  __m512i starts, ends;
  uint64_t minus;    // the sign of ssthresh, which is no part of the word
  uint64_t newline;  // the lowest bit is the line's end
};

TCPSNAP_AVX512_INLINE Words FindWords(__m512i text, Errors& errors) noexcept {
  Words words;
  words.newline = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('\n'));
  const uint64_t in_line = ~words.newline & (words.newline - 1);
  const uint64_t blank = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(' '));
  words.minus = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('-')) & in_line;
  const uint64_t in_word = in_line & ~blank & ~words.minus;
  const uint64_t starts = in_word & ~(in_word << 1);
  const uint64_t ends = ~in_word & in_word << 1;
  // A minus stands before the last word, and behind a blank.
  const uint64_t last_start = uint64_t{1} << 63 >> std::countl_zero(starts | 1);
  errors.bits |= (words.minus & ~(last_start >> 1)) | (words.minus >> 1 & in_word);
  errors.bits |= words.newline == 0;
  words.count = std::popcount(starts);
  words.starts = _mm512_maskz_compress_epi8(starts, Load64(kTail.places.data()));
  words.ends = _mm512_maskz_compress_epi8(ends, Load64(kTail.places.data()));
  return words;
}

// The numbers of the tail in kNumberWords' order, and the pointer's digits in the order of a
// little-endian word, the high digit of each byte first.
TCPSNAP_AVX512_INLINE __m512i TailColumns(__m512i text, const Words& words, __m128i& pointer_digits,
                                          Errors& errors) noexcept {
  const __m512i values = LookUp(text, kLowerHex);
  const __m512i word = Load64(kTail.word.data());
  const __m512i places =
      _mm512_add_epi8(_mm512_permutexvar_epi8(word, words.ends), Load64(kTail.from_end.data()));
  const __mmask64 in_word =
      _mm512_cmpge_epi8_mask(places, _mm512_permutexvar_epi8(word, words.starts));
  const __m512i digits = _mm512_maskz_permutexvar_epi8(in_word, places, values);
  errors.tail = _mm512_subs_epu8(digits, _mm512_set1_epi8(9));

  const __m128i starts = _mm512_castsi512_si128(words.starts);
  const __m128i ends = _mm512_castsi512_si128(words.ends);
  const __m128i pointer = _mm_set1_epi8(kPointerWord);
  const __m128i pointer_places =
      _mm_add_epi8(_mm_shuffle_epi8(ends, pointer), Load16(kTail.pointer_from_end.data()));
  const __mmask16 in_pointer =
      _mm_cmpge_epi8_mask(pointer_places, _mm_shuffle_epi8(starts, pointer));
  pointer_digits = _mm512_castsi512_si128(
      _mm512_maskz_permutexvar_epi8(in_pointer, _mm512_castsi128_si512(pointer_places), values));

  const __m128i lengths = _mm_sub_epi8(ends, starts);
  const __m128i wrong_lengths =
      _mm_or_si128(_mm_subs_epu8(lengths, Load16(kTail.most_digits.data())),
                   _mm_and_si128(lengths, Load16(kTail.wrong_length_bits.data())));
  errors.words = _mm_ternarylogic_epi64(wrong_lengths, pointer_digits,
                                        _mm_set1_epi8(static_cast<char>(kMarks)), kOrAnd);
  return JoinDecimal(digits);
}

// One row from `line`; returns the start of the next line, or nullptr. Reads up to 210 bytes from
// `line`.
template <Family kFamily>
TCPSNAP_AVX512_INLINE const char* Row(const char* line, SocketRecord& record) noexcept {
  using P = Places<kFamily>;
  Errors errors{};

  const char* base = line;
  const uint64_t slot_front = SlotFront(base, errors.bits);
  const __m256i aligned = AlignedColumns(base, base + P::kUid, errors);

  const char* const tail = base + P::kTail;
  const __m512i tail_text = Load64(tail);
  const __m512i bytes = HexColumns<kFamily>(Load64(base), Load64(base + 64), errors.hex);
  const Words words = FindWords(tail_text, errors);
  __m128i pointer_digits;
  const __m512i numbers = TailColumns(tail_text, words, pointer_digits, errors);

  const __m128i inode_parts = _mm512_castsi512_si128(numbers);
  const uint64_t inode = Low64(inode_parts) * 100'000'000 + High64(inode_parts);
  errors.bits |= words.count == kMiniWords ? inode | words.minus : 0;
  if (Any(errors) || !IsShape<kFamily>(base, words.count)) [[unlikely]]
    return nullptr;

  // In this order: some stores reach into the next column.
  _mm512_storeu_si512(&record, bytes);
  record.shape = static_cast<RowShape>(words.count + kColumnsBeforeTail);
  record.slot = slot_front + Low64(_mm256_castsi256_si128(aligned));
  record.uid = static_cast<int64_t>(High64(_mm256_castsi256_si128(aligned)));
  record.inode = inode;
  const __m128i pointer_bytes = _mm_maddubs_epi16(pointer_digits, _mm_set1_epi16(1 << 8 | 16));
  record.pointer = Low64(_mm_packus_epi16(pointer_bytes, pointer_bytes));
  const __m256i counts = _mm512_cvtepi64_epi32(numbers);
  const auto negative = static_cast<__mmask8>((words.minus != 0) << (kFullWords - 1));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(&record.retransmits),
                      _mm256_mask_sub_epi32(counts, negative, _mm256_setzero_si256(), counts));
  record.retransmits = static_cast<uint32_t>(_mm_extract_epi32(
      _mm512_extracti32x4_epi32(bytes, kRetransmitsAside / 16), kRetransmitsAside / 4 % 4));
  record.probes = _mm_cvtsi128_si32(_mm256_extracti128_si256(aligned, 1));
  return tail + std::countr_zero(words.newline) + 1;
}

template <Family kFamily>
TCPSNAP_AVX512 RowsParsed Rows(const char* begin, const char* end, SocketRecord* records,
                               size_t capacity) noexcept {
  size_t count = 0;
  const char* line = begin;
  while (line < end && count < capacity) {
    const char* const next = Row<kFamily>(line, records[count]);
    if (next == nullptr || next > end) break;
    line = next;
    ++count;
  }
  return {line, count};
}

}  // namespace

bool HasAvx512() noexcept {
  return __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
         __builtin_cpu_supports("avx512vbmi2");
}

RowsParsed ParseRowsAvx512(const char* begin, const char* end, Family family, SocketRecord* records,
                           size_t capacity) noexcept {
  return family == Family::kTcp ? Rows<Family::kTcp>(begin, end, records, capacity)
                                : Rows<Family::kTcp6>(begin, end, records, capacity);
}

}  // namespace tcpsnap::procnet

#else

namespace tcpsnap::procnet {

bool HasAvx512() noexcept { return false; }

RowsParsed ParseRowsAvx512(const char* begin, const char*, Family, SocketRecord*, size_t) noexcept {
  return {begin, 0};
}

}  // namespace tcpsnap::procnet

#endif
