#include "report/check_plan.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace tcpsnap::report {
namespace {

using store::Database;
using store::Statement;

struct GrowingTable {
  std::string_view table;
  std::string_view view;
};

// Ordered by name.
constexpr std::array<GrowingTable, 7> kGrowingTables = {{{"census", "counts"},
                                                         {"connection", "connections"},
                                                         {"dump", "dumps"},
                                                         {"snapshot", "snapshots"},
                                                         {"socket_row", "sockets"},
                                                         {"transition", "transitions"},
                                                         {"turnover", "turnover_counts"}}};

/// A table or an index.
struct Tree {
  std::string table;
  std::vector<std::string> key;  ///< columns of an index in order; empty for a table by row id
};

std::map<int64_t, Tree> ReadTrees(Database& database) {
  std::map<int64_t, Tree> trees;
  Statement statement = database.Prepare(
      "SELECT t.rootpage, t.tbl_name, i.name"
      " FROM sqlite_schema AS t LEFT JOIN pragma_index_info(t.name) AS i"
      " WHERE t.rootpage > 0 ORDER BY t.rootpage, i.seqno");
  while (statement.Step()) {
    Tree& tree = trees[statement.Integer(0)];
    tree.table = statement.Text(1);
    if (!statement.Text(2).empty()) tree.key.emplace_back(statement.Text(2));
  }
  return trees;
}

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// How a cursor is used.
struct Use {
  const Tree* tree = nullptr;
  bool walks = false;
  size_t key_columns = 0;  ///< the most by which it is searched

  bool SearchesByTime() const {
    const size_t end = std::min(key_columns, tree->key.size());
    for (size_t i = 0; i < end; ++i) {
      if (IsOneOf(tree->key[i], {"taken_ms", "taken_at"})) return true;
    }
    return false;
  }
};

/// What each cursor does, by cursor and root page.
using Uses = std::map<std::pair<int64_t, int64_t>, Use>;

Uses ReadUses(Database& database, std::string_view sql, const std::map<int64_t, Tree>& trees) {
  constexpr int kOpcode = 1, kP1 = 2, kP2 = 3, kP3 = 4, kP4 = 5;
  Uses uses;
  std::map<int64_t, int64_t> root_of;  // cursor -> what it has open
  Statement statement = database.Prepare("EXPLAIN " + std::string(sql));
  while (statement.Step()) {
    const std::string opcode(statement.Text(kOpcode));
    const int64_t cursor = statement.Integer(kP1);
    if (IsOneOf(opcode, {"OpenRead", "ReopenIdx"})) {
      root_of.erase(cursor);
      const auto tree = trees.find(statement.Integer(kP2));
      if (tree == trees.end() || statement.Integer(kP3) != 0) continue;
      root_of[cursor] = tree->first;
      uses[{cursor, tree->first}].tree = &tree->second;
    } else if (IsOneOf(opcode, {"OpenEphemeral", "OpenAutoindex", "OpenDup", "OpenPseudo",
                                "SorterOpen", "VOpen"})) {
      root_of.erase(cursor);
    } else if (const auto root = root_of.find(cursor); root != root_of.end()) {
      Use& use = uses[{cursor, root->second}];
      if (IsOneOf(opcode, {"Rewind", "Last", "Count"})) use.walks = true;
      if (IsOneOf(opcode, {"SeekGE", "SeekGT", "SeekLE", "SeekLT", "IdxGE", "IdxGT", "IdxLE",
                           "IdxLT", "Found", "NotFound"})) {
        use.key_columns = std::max(use.key_columns, static_cast<size_t>(statement.Integer(kP4)));
      }
    }
  }
  return uses;
}

}  // namespace

std::vector<WideRead> FindWideReads(Database& database, std::string_view sql) {
  const std::map<int64_t, Tree> trees = ReadTrees(database);
  const Uses uses = ReadUses(database, sql, trees);
  std::vector<WideRead> reads;
  for (const GrowingTable& growing : kGrowingTables) {
    const bool is_snapshot = growing.table == "snapshot";
    const bool wide = std::any_of(uses.begin(), uses.end(), [&](const auto& entry) {
      const Use& use = entry.second;
      if (use.tree->table != growing.table) return false;
      return use.walks || (is_snapshot && !use.tree->key.empty() && !use.SearchesByTime());
    });
    if (!wide) continue;
    WideRead read{std::string(growing.table), {}};
    for (const GrowingTable& other : kGrowingTables) {
      if (is_snapshot || other.table == growing.table) read.views.emplace_back(other.view);
    }
    reads.push_back(std::move(read));
  }
  return reads;
}

}  // namespace tcpsnap::report
