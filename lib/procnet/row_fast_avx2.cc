// Four parts of a row:
//
//   371: 0100007F:1538 0A00000A:C350 01 00000000:00000000 02:000A7D8C 00000000  1000        0 36017
//   ^ base, 4 before the colon          hex columns, at fixed places    aligned ^ uid        tail ^
//
// - The hex columns, 32 characters at a time. Adding a constant of its place makes a '0' of each
//   separator, so that one comparison with the most that each place may hold checks all. The digits
//   are put into the record's order and joined.
// - `sl`, `uid` and `timeout` are right-aligned at fixed places: digits behind blanks.
// - The tail, from the inode to the line's end, is 64 characters. A mask tells where words end. The
//   eight characters before an end, reversed, are a number's digits up to the first blank; 1 less
//   than the mask of blanks tells them from the rest. Eight numbers (the inode is two) are joined
//   at once; those that a minisocket lacks come from a text of blanks, so it needs no branch.
// - The pointer's 16 digits, together with those of `retrnsmt`.
//
// What is wrong is collected in vectors and looked at once. What these places don't hold is
// ParseRowsPortable's: columns of more digits, pointers of 8.
#include "procnet/row_fast_avx2.h"

#if defined(__x86_64__)

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "procnet/row_fast_avx.h"

#define TCPSNAP_AVX2 __attribute__((target("avx2,bmi,popcnt")))
// g++ would call the row's function, and load all constants anew in it.
#define TCPSNAP_AVX2_INLINE TCPSNAP_AVX2 __attribute__((always_inline)) inline

namespace tcpsnap::procnet {
namespace {

constexpr size_t kLane = 16;        // the bytes that a shuffle reaches
constexpr uint8_t kNothing = 0x80;  // what it makes a zero of

// 32 characters of hex columns, told by the highest that may stand there: "FFFF 0B:" is four
// digits, a blank, a 0, a digit up to B and a colon. Digits are of the case of their F.
//
// Each character is raised by a constant of its place: '0' and a separator that is in its place
// become kZero, and '9' becomes 0xFF. What is behind '9' begins at 0 then: a table tells by the low
// half what to add, so that the letters follow the digits and all else stays away from them.
struct Hex {
  static constexpr uint8_t kZero = 0xF6;  // '0', raised
  static constexpr uint8_t kAway = 0x40;  // added to what is no letter, it makes no digit either
  Bytes<32> raise{};
  Bytes<32> letters{};
  Bytes<32> most{};   // the highest digit
  Bytes<32> order{};  // the digits of each byte, by their places in the lane

  consteval explicit Hex(std::string_view highest) {
    most.fill(0xFF);
    order.fill(kNothing);
    letters.fill(kAway);
    for (size_t i = 0; i < highest.size(); ++i) {
      const char character = highest[i];
      const bool separator = character == ' ' || character == ':';
      const char letter_a = character == 'f' ? 'a' : 'A';
      const char zero = separator          ? character
                        : character <= '9' ? '0'
                                           : static_cast<char>(letter_a - 10);
      most[i] = static_cast<uint8_t>(character - zero);
      raise[i] = static_cast<uint8_t>(kZero - (separator ? character : '0'));
      const int raised_a = letter_a - '9' - 1;
      if (i % kLane != 0) continue;
      for (int letter = 0; letter < 6; ++letter) {
        letters[i + static_cast<size_t>(raised_a + letter) % kLane] =
            static_cast<uint8_t>(-raised_a);
      }
    }
  }
  // A little-endian number of `size` bytes from its digits, the highest first.
  consteval void Number(size_t byte, size_t size, size_t place) {
    for (size_t i = 0; i < 2 * size; ++i) {
      order[2 * (byte + size - 1 - i / 2) + i % 2] = static_cast<uint8_t>((place + i) % kLane);
    }
  }
};

// What stands before the queues: in tcp all of it from the colon behind `sl` on; in tcp6 the last 8
// characters up to the blank behind the local port, then the last 8.
template <Family kFamily>
struct Head;
template <>
struct Head<Family::kTcp> {
  static constexpr size_t kLocal = 0, kLocalPort = 4, kRemote = 8, kRemotePort = 12, kState = 14;
  static consteval Hex Make() {
    Hex hex(": FFFFFFFF:FFFF FFFFFFFF:FFFF 0B");
    hex.Number(kLocal, 4, 2);
    hex.Number(kLocalPort, 2, 11);
    hex.Number(kRemote, 4, 16);
    hex.Number(kRemotePort, 2, 25);
    hex.Number(kState, 1, 30);
    return hex;
  }
};
template <>
struct Head<Family::kTcp6> {
  static constexpr size_t kLocalPort = 0, kRemotePort = 2, kState = 4;
  static consteval Hex Make() {
    Hex hex("FF:FFFF :FFFF 0B");
    hex.Number(kLocalPort, 2, 3);
    hex.Number(kRemotePort, 2, 9);
    hex.Number(kState, 1, 14);
    return hex;
  }
};
template <Family kFamily>
constexpr Hex kHead = Head<kFamily>::Make();

// An address of tcp6.
consteval Hex MakeAddress() {
  Hex hex("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
  for (size_t word = 0; word < 4; ++word) hex.Number(4 * word, 4, 8 * word);
  return hex;
}
constexpr Hex kAddress = MakeAddress();

// From the blank behind the state to the first digit of retrnsmt.
struct Queues {
  static constexpr size_t kTx = 0, kRxHigh = 5, kTicks = 8, kRxLow = 12, kTimer = 13;
  static consteval Hex Make() {
    Hex hex(" FFFFFFFF:FFFFFFFF 04:FFFFFFFF F");
    hex.Number(kTx, 4, 1);
    hex.Number(kRxHigh, 3, 10);  // the lanes part it
    hex.Number(kRxLow, 1, 16);
    hex.Number(kTimer, 1, 19);
    hex.Number(kTicks, 4, 22);
    return hex;
  }
};
constexpr Hex kQueues = Queues::Make();

// The pointer, and retrnsmt with what stands before it.
struct Pointer {
  static constexpr size_t kPointer = 0, kRetransmits = 8;
  static consteval Hex Make() {
    Hex hex("ffffffffffffffffFFFFFFF FFFFFFFF");
    hex.Number(kPointer, 8, 0);
    hex.Number(kRetransmits, 4, 24);
    return hex;
  }
};
constexpr Hex kPointer = Pointer::Make();

// How the bytes of Head and Queues become 32 bytes of a record, up to the uid. Packed, each lane
// has eight bytes of Head, then eight of Queues.
constexpr size_t kMiddle = offsetof(SocketRecord, uid) - 32;
struct Middle {
  Bytes<32> same{}, other{};  // places in the same and in the other lane

  consteval Middle() {
    same.fill(kNothing);
    other.fill(kNothing);
  }
  consteval void Put(size_t offset, size_t size, size_t packed) {
    for (size_t i = 0; i < size; ++i) {
      const size_t to = offset - kMiddle + i;
      const size_t from = packed + i;
      (to / kLane == from / kLane ? same : other)[to] = static_cast<uint8_t>(from % kLane);
    }
  }
  static consteval size_t OfHead(size_t byte) { return byte / 8 * kLane + byte % 8; }
  static consteval size_t OfQueues(size_t byte) { return OfHead(byte) + 8; }
};
template <Family kFamily>
consteval Middle MakeMiddle() {
  using H = Head<kFamily>;
  Middle middle;
  middle.Put(offsetof(SocketRecord, local_port), 2, Middle::OfHead(H::kLocalPort));
  middle.Put(offsetof(SocketRecord, remote_port), 2, Middle::OfHead(H::kRemotePort));
  middle.Put(offsetof(SocketRecord, state), 1, Middle::OfHead(H::kState));
  middle.Put(offsetof(SocketRecord, timer), 1, Middle::OfQueues(Queues::kTimer));
  middle.Put(offsetof(SocketRecord, tx_queue), 4, Middle::OfQueues(Queues::kTx));
  middle.Put(offsetof(SocketRecord, rx_queue), 1, Middle::OfQueues(Queues::kRxLow));
  middle.Put(offsetof(SocketRecord, rx_queue) + 1, 3, Middle::OfQueues(Queues::kRxHigh));
  middle.Put(offsetof(SocketRecord, timer_ticks), 4, Middle::OfQueues(Queues::kTicks));
  return middle;
}
template <Family kFamily>
constexpr Middle kMiddleOf = MakeMiddle<kFamily>();
static_assert(offsetof(SocketRecord, remote_words) == 16);
static_assert(offsetof(SocketRecord, shape) == offsetof(SocketRecord, family) + 1);

// The addresses of tcp among the packed bytes.
consteval Bytes<32> MakeV4Words() {
  Bytes<32> mask{};
  for (size_t i = 0; i < 4; ++i) mask[i] = mask[kLane + i] = 0xFF;
  return mask;
}
static_assert(Middle::OfHead(Head<Family::kTcp>::kLocal) == 0);
static_assert(Middle::OfHead(Head<Family::kTcp>::kRemote) == kLane);
constexpr Bytes<32> kV4Words = MakeV4Words();

// " UUUUU WWWWWWWW ", the uid and `timeout` with the blanks around them; `sl` takes the place of
// the four W that must be blank after the first.
struct Aligned {
  static constexpr int kSlot = 8, kProbesFront = 8;
  static constexpr uint32_t kBlanks = 1 << 0 | 1 << 6 | 1 << 7 | 1 << 15;
  static constexpr uint32_t kLastDigits = 1 << 5 | 1 << 11 | 1 << 14;
  static constexpr uint32_t kFirstDigits = 1 << 1 | 1 << 8 | 1 << 12;
  // `sl` and `timeout` in four digits each, the uid in eight.
  alignas(16) static constexpr uint8_t kOrder[16] = {
      8, 9, 10, 11, kNothing, 12, 13, 14, kNothing, kNothing, kNothing, 1, 2, 3, 4, 5};
};

// The words of the tail as numbers of eight characters each, in two vectors: ref rto cwnd ssthresh,
// and ato quick and the inode's two.
static_assert(offsetof(SocketRecord, ssthresh) == offsetof(SocketRecord, references) + 20);
constexpr size_t kEight = 8;
consteval Bytes<32> MakeReversal() {
  Bytes<32> order{};
  for (size_t i = 0; i < 32; ++i) order[i] = (i ^ (kEight - 1)) % kLane;
  return order;
}
constexpr Bytes<32> kReversal = MakeReversal();

// What stands before a word that is not there.
constexpr size_t kNoEnd = 64;
constexpr Bytes<kNoEnd + kEight> kBlankText = [] {
  Bytes<kNoEnd + kEight> text{};
  text.fill(' ');
  return text;
}();

// What to subtract from eight characters in reverse to make them digits, and the highest digits.
// The first of the eight may be none at all, since there may be others before it: only a blank,
// which is no part of a number, would pass.
struct Digits {
  Bytes<32> zero{}, most{};

  consteval explicit Digits(size_t eights) {
    zero.fill('0');
    most.fill(9);
    for (size_t i = 0; i < eights; ++i) {
      zero[i * kEight + kEight - 1] = ' ';
      most[i * kEight + kEight - 1] = 0;
    }
  }
};
constexpr Digits kAllApart(4);
constexpr Digits kInodeLast(3);  // twice eight
// Where a minus may stand: in ssthresh, before a digit. Elsewhere a blank, which never stands
// there.
constexpr Bytes<32> kMinus = [] {
  Bytes<32> minus{};
  minus.fill(' ');
  for (size_t i = 25; i < 32; ++i) minus[i] = '-';
  return minus;
}();

TCPSNAP_AVX2_INLINE uint64_t Low64(__m128i pair) noexcept {
  return static_cast<uint64_t>(_mm_cvtsi128_si64(pair));
}

TCPSNAP_AVX2_INLINE uint64_t High64(__m128i pair) noexcept {
  return static_cast<uint64_t>(_mm_extract_epi64(pair, 1));
}

TCPSNAP_AVX2_INLINE __m128i Load16(const void* bytes) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(bytes));
}

TCPSNAP_AVX2_INLINE __m256i Load32(const void* bytes) noexcept {
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}

// Eight bytes from each.
TCPSNAP_AVX2_INLINE __m128i LoadEights(const void* first, const void* second) noexcept {
  return _mm_unpacklo_epi64(_mm_loadl_epi64(static_cast<const __m128i*>(first)),
                            _mm_loadl_epi64(static_cast<const __m128i*>(second)));
}

TCPSNAP_AVX2_INLINE __m256i Join(__m128i low, __m128i high) noexcept {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

TCPSNAP_AVX2_INLINE void Store16(void* bytes, __m128i vector) noexcept {
  _mm_storeu_si128(static_cast<__m128i*>(bytes), vector);
}

TCPSNAP_AVX2_INLINE void Store32(void* bytes, __m256i vector) noexcept {
  _mm256_storeu_si256(static_cast<__m256i*>(bytes), vector);
}

TCPSNAP_AVX2_INLINE uint32_t Mask(__m256i vector) noexcept {
  return static_cast<uint32_t>(_mm256_movemask_epi8(vector));
}

// What is wrong with a row, in any bit of any of them.
struct Errors {
  uint64_t bits;
  __m128i aligned;
  __m256i vector;
};

TCPSNAP_AVX2_INLINE void Add(Errors& errors, __m256i wrong) noexcept {
  errors.vector = _mm256_or_si256(errors.vector, wrong);
}

TCPSNAP_AVX2_INLINE bool Any(const Errors& errors) noexcept {
  const __m256i all = _mm256_or_si256(errors.vector, _mm256_zextsi128_si256(errors.aligned));
  return errors.bits != 0 || _mm256_testz_si256(all, all) == 0;
}

// Bytes in 16 bits each, in the order of `hex`.
TCPSNAP_AVX2_INLINE __m256i JoinHex(__m256i text, const Hex& hex, Errors& errors) noexcept {
  const __m256i raised = _mm256_add_epi8(text, Load32(&hex.raise));
  const __m256i behind = _mm256_shuffle_epi8(Load32(&hex.letters), raised);  // 0 for a digit
  const __m256i value = _mm256_sub_epi8(_mm256_add_epi8(raised, behind),
                                        _mm256_set1_epi8(static_cast<char>(Hex::kZero)));
  Add(errors, _mm256_subs_epu8(value, Load32(&hex.most)));
  return _mm256_maddubs_epi16(_mm256_shuffle_epi8(value, Load32(&hex.order)),
                              _mm256_set1_epi16(1 << 8 | 16));
}

// The columns from the addresses to the timer, into the first kUid bytes of the record.
template <Family kFamily>
TCPSNAP_AVX2_INLINE void HexColumns(const char* base, SocketRecord& record,
                                    Errors& errors) noexcept {
  using P = Places<kFamily>;
  __m256i head, words;
  if constexpr (kFamily == Family::kTcp) {
    head = Load32(base + 4);
  } else {
    errors.bits |= static_cast<uint64_t>(base[P::kLocal - 1] ^ ' ');
    head = _mm256_zextsi128_si256(
        LoadEights(base + P::kRemote - kEight, base + P::kState + 2 - kEight));
  }
  const __m256i packed =
      _mm256_packus_epi16(JoinHex(head, kHead<kFamily>, errors),
                          JoinHex(Load32(base + P::kState + 2), kQueues, errors));
  const __m256i swapped = _mm256_permute4x64_epi64(packed, 2 | 3 << 2 | 0 << 4 | 1 << 6);
  const Middle& middle = kMiddleOf<kFamily>;
  const __m256i columns = _mm256_or_si256(_mm256_shuffle_epi8(packed, Load32(&middle.same)),
                                          _mm256_shuffle_epi8(swapped, Load32(&middle.other)));
  if constexpr (kFamily == Family::kTcp) {
    words = _mm256_and_si256(packed, Load32(&kV4Words));
  } else {
    const __m256i halves =
        _mm256_packus_epi16(JoinHex(Load32(base + P::kLocal), kAddress, errors),
                            JoinHex(Load32(base + P::kRemote), kAddress, errors));
    words = _mm256_permute4x64_epi64(halves, 0 | 2 << 2 | 1 << 4 | 3 << 6);
  }
  // In this order: the first store reaches into the addresses.
  Store32(reinterpret_cast<char*>(&record) + kMiddle, columns);
  Store32(&record, words);
}

// A number from its first digits, in the low half, and those behind them.
TCPSNAP_AVX2_INLINE uint64_t JoinEights(uint64_t parts, uint64_t scale) noexcept {
  return (parts & 0xFFFFFFFF) * scale + (parts >> 32);
}

// `sl`, uid and `timeout`. `slot_front`: what digits count that stand before the last four of `sl`.
template <Family kFamily>
TCPSNAP_AVX2_INLINE void AlignedColumns(const char* base, uint64_t slot_front, SocketRecord& record,
                                        Errors& errors) noexcept {
  const char* const from = base + Places<kFamily>::kUid - 1;
  int32_t slot, probes_front;
  std::memcpy(&slot, base, sizeof slot);
  std::memcpy(&probes_front, from + Aligned::kProbesFront, sizeof probes_front);
  errors.bits |= static_cast<uint32_t>(probes_front ^ 0x20202020);
  const __m128i text = _mm_insert_epi32(Load16(from), slot, Aligned::kSlot / 4);
  const __m128i blank = _mm_cmpeq_epi8(text, _mm_set1_epi8(' '));
  const __m128i digits = _mm_andnot_si128(blank, _mm_sub_epi8(text, _mm_set1_epi8('0')));
  errors.aligned = _mm_subs_epu8(digits, _mm_set1_epi8(9));
  // 1 added to the blanks of a number clears all of them where they are in front.
  const auto blanks = static_cast<uint32_t>(_mm_movemask_epi8(blank));
  errors.bits |= (blanks & (Aligned::kBlanks | Aligned::kLastDigits)) ^ Aligned::kBlanks;
  errors.bits |= blanks & (blanks + Aligned::kFirstDigits) & ~Aligned::kBlanks;
  const __m128i pairs = _mm_maddubs_epi16(_mm_shuffle_epi8(digits, Load16(Aligned::kOrder)),
                                          _mm_set1_epi16(1 << 8 | 10));
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
  const uint64_t slot_and_probes = Low64(fours);
  record.slot = slot_front + (slot_and_probes & 0xFFFFFFFF);
  record.probes = static_cast<int32_t>(slot_and_probes >> 32);
  record.uid = static_cast<int64_t>(JoinEights(High64(fours), 10'000));
}

// The words of the tail, from `tail` on.
struct Words {
  int count;
  uint64_t ends;     // a bit for the character behind each
  uint64_t newline;  // the lowest bit is the line's end
};

TCPSNAP_AVX2_INLINE Words FindWords(const char* tail) noexcept {
  const auto find = [&](char character) TCPSNAP_AVX2 {
    const __m256i same = _mm256_set1_epi8(character);
    return uint64_t{Mask(_mm256_cmpeq_epi8(Load32(tail), same))} |
           uint64_t{Mask(_mm256_cmpeq_epi8(Load32(tail + 32), same))} << 32;
  };
  Words words;
  words.newline = find('\n');
  const uint64_t outside = words.newline | find(' ');
  const uint64_t to_newline = words.newline ^ (words.newline - 1);
  words.ends = outside & ~outside << 1 & to_newline;
  words.count = std::popcount(words.ends);
  return words;
}

// Where the next word ends; kNoEnd where there is none.
TCPSNAP_AVX2_INLINE uint64_t TakeEnd(uint64_t& ends) noexcept {
  const uint64_t end = _tzcnt_u64(ends);
  ends = _blsr_u64(ends);
  return end;
}

// Numbers of eight characters each, to four digits each, the last ones first: the digits behind the
// last blank. With a minus before them, where it may stand, they are negative.
template <bool kSigned>
TCPSNAP_AVX2_INLINE __m256i JoinTail(__m256i text, const Digits& expected,
                                     Errors& errors) noexcept {
  const __m256i reversed = _mm256_shuffle_epi8(text, Load32(&kReversal));
  const __m256i blank = _mm256_cmpeq_epi8(reversed, _mm256_set1_epi8(' '));
  // Of each eight bytes, 1 less sets those below the lowest blank and changes none above it.
  __m256i in_number = _mm256_andnot_si256(blank, _mm256_add_epi64(blank, _mm256_set1_epi64x(-1)));
  __m256i minus;
  if constexpr (kSigned) {
    const __m256i last = _mm256_and_si256(_mm256_srli_epi64(blank, 8), in_number);
    minus = _mm256_and_si256(_mm256_cmpeq_epi8(reversed, Load32(&kMinus)), last);
    in_number = _mm256_andnot_si256(minus, in_number);
  }
  const __m256i digits =
      _mm256_and_si256(in_number, _mm256_sub_epi8(reversed, Load32(&expected.zero)));
  Add(errors, _mm256_subs_epu8(digits, Load32(&expected.most)));
  if constexpr (kSigned) {
    // The weights make all negative, then a -1 positive what has no minus.
    const __m256i positive = _mm256_cmpeq_epi64(minus, _mm256_setzero_si256());
    const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(-10 * 256 + 255));
    return _mm256_sign_epi32(_mm256_madd_epi16(pairs, _mm256_set1_epi32(100 << 16 | 1)),
                             _mm256_or_si256(positive, _mm256_set1_epi32(1)));
  }
  const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(10 << 8 | 1));
  return _mm256_madd_epi16(pairs, _mm256_set1_epi32(100 << 16 | 1));
}

// The pointer of 16 digits, and retrnsmt.
template <Family kFamily>
TCPSNAP_AVX2_INLINE void PointerColumn(const char* base, const char* pointer, SocketRecord& record,
                                       Errors& errors) noexcept {
  const char* const retransmits_end = base + Places<kFamily>::kRetransmits + 8;
  const __m256i text = Join(Load16(pointer), Load16(retransmits_end - kLane));
  const __m256i units = JoinHex(text, kPointer, errors);
  const __m256i bytes = _mm256_packus_epi16(units, units);
  record.pointer = Low64(_mm256_castsi256_si128(bytes));
  record.retransmits = static_cast<uint32_t>(_mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1)));
}

// The columns from the inode on, but for the pointer, which it returns.
TCPSNAP_AVX2_INLINE const char* TailColumns(const char* tail, const Words& words,
                                            SocketRecord& record, Errors& errors) noexcept {
  const char* const blanks = reinterpret_cast<const char*>(kBlankText.data());
  const char* const before = tail - kEight;
  const char* const full = words.count == kMiniWords ? blanks : before;
  uint64_t ends = words.ends;
  const uint64_t inode = TakeEnd(ends);
  const uint64_t references = TakeEnd(ends);
  const uint64_t pointer = TakeEnd(ends);
  constexpr uint64_t kPointerDigits = 16;
  errors.bits |= pointer ^ (references + 1 + kPointerDigits);
  const char* const rto = full + TakeEnd(ends);
  const char* const ato = full + TakeEnd(ends);
  const char* const quick_pingpong = full + TakeEnd(ends);
  const char* const cwnd = full + TakeEnd(ends);
  const char* const ssthresh = full + TakeEnd(ends);
  const char* const inode_front = inode < kEight ? blanks : before + inode - kEight;

  const __m256i first = JoinTail<true>(
      Join(LoadEights(before + references, rto), LoadEights(cwnd, ssthresh)), kAllApart, errors);
  const __m256i second = JoinTail<false>(
      Join(LoadEights(ato, quick_pingpong), LoadEights(inode_front, before + inode)), kInodeLast,
      errors);
  const __m256i numbers =
      _mm256_madd_epi16(_mm256_packs_epi32(first, second), _mm256_set1_epi32(10'000 << 16 | 1));
  const __m128i last = _mm256_extracti128_si256(numbers, 1);
  Store16(&record.references, _mm256_castsi256_si128(numbers));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(&record.cwnd), last);
  record.inode = JoinEights(High64(last), 100'000'000);
  return tail + references + 1;
}

// One row from `line`; returns the start of the next line, or nullptr. Reads up to 227 bytes from
// `line`.
template <Family kFamily>
TCPSNAP_AVX2_INLINE const char* Row(const char* line, SocketRecord& record) noexcept {
  using P = Places<kFamily>;
  Errors errors{};
  const char* base = line;
  const uint64_t slot_front = SlotFront(base, errors.bits);
  const char* const tail = base + P::kTail + 1;
  // In this order: the words take longest to be known, what needs none of them comes in between.
  const Words words = FindWords(tail);
  AlignedColumns<kFamily>(base, slot_front, record, errors);
  HexColumns<kFamily>(base, record, errors);
  const char* const pointer = TailColumns(tail, words, record, errors);
  PointerColumn<kFamily>(base, pointer, record, errors);
  record.family = kFamily;
  record.shape = static_cast<RowShape>(words.count + kColumnsBeforeTail);

  const bool mini = words.count == kMiniWords;
  errors.bits |= mini ? record.inode : 0;
  if (Any(errors) || words.newline == 0 || base[P::kState + 1] == '0' ||
      !IsShape<kFamily>(base, words.count)) [[unlikely]]
    return nullptr;
  return tail + _tzcnt_u64(words.newline) + 1;
}

template <Family kFamily>
TCPSNAP_AVX2 RowsParsed Rows(const char* begin, const char* end, SocketRecord* records,
                             size_t capacity) noexcept {
  const SocketRecord* const last = records + capacity;
  SocketRecord* record = records;
  const char* line = begin;
  for (; line < end && record != last; ++record) {
    const char* const next = Row<kFamily>(line, *record);
    if (next == nullptr || next > end) break;
    line = next;
  }
  return {line, static_cast<size_t>(record - records)};
}

}  // namespace

bool HasAvx2() noexcept {
  return __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("avx2");
}

RowsParsed ParseRowsAvx2(const char* begin, const char* end, Family family, SocketRecord* records,
                         size_t capacity) noexcept {
  return family == Family::kTcp ? Rows<Family::kTcp>(begin, end, records, capacity)
                                : Rows<Family::kTcp6>(begin, end, records, capacity);
}

}  // namespace tcpsnap::procnet

#else

namespace tcpsnap::procnet {

bool HasAvx2() noexcept { return false; }

RowsParsed ParseRowsAvx2(const char* begin, const char*, Family, SocketRecord*, size_t) noexcept {
  return {begin, 0};
}

}  // namespace tcpsnap::procnet

#endif
