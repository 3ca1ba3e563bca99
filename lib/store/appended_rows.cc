#include "store/appended_rows.h"

#include <sqlite3.h>

#include <algorithm>
#include <new>
#include <optional>
#include <vector>

#include "store/row_image.h"

namespace tcpsnap::store {
namespace {

// Of fewer, a statement for all costs more than one for each.
constexpr size_t kFewestRows = 32;

const std::string kImageOf = "image_of_";  // names of the attached databases

// Undone unless it is released.
class Savepoint {
 public:
  explicit Savepoint(Database& database) : database_(database) {
    database.Execute("SAVEPOINT row");
  }
  ~Savepoint() {
    if (released_) return;
    sqlite3_exec(database_.handle(), "ROLLBACK TO row; RELEASE row", nullptr, nullptr, nullptr);
  }
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  void Release() {
    database_.Execute("RELEASE row");
    released_ = true;
  }

 private:
  Database& database_;
  bool released_ = false;
};

// Lets sqlite_master be written while it lives.
class WritableSchema {
 public:
  explicit WritableSchema(Database& database) : database_(database) {
    database.Execute("PRAGMA writable_schema = ON");
  }
  ~WritableSchema() {
    sqlite3_exec(database_.handle(), "PRAGMA writable_schema = OFF", nullptr, nullptr, nullptr);
  }
  WritableSchema(const WritableSchema&) = delete;
  WritableSchema& operator=(const WritableSchema&) = delete;

 private:
  Database& database_;
};

}  // namespace

// What copies from the image. All of its steps are SQL errors where an SQLite does not have them.
class AppendedRows::Copier {
 public:
  Copier(Database& database, const std::string& table, const std::string& columns)
      : database_(database),
        table_(table),
        columns_(columns),
        schema_(kImageOf + table),
        image_(Attach()) {
    CheckThatChangesAreSeen();
    TellSecondNames();
    copy_ = database.Prepare("INSERT INTO main." + SecondName(table_) + " SELECT * FROM " +
                             schema_ + "." + RowImage::kTable);
  }

  ~Copier() {
    copy_.reset();
    // Not possible in a transaction; then the next one for this table takes it over.
    sqlite3_exec(database_.handle(), ("DETACH " + schema_).c_str(), nullptr, nullptr, nullptr);
  }
  Copier(const Copier&) = delete;
  Copier& operator=(const Copier&) = delete;

  /// At most RowImage::kMostRows.
  void Copy(std::span<const int64_t> values) {
    image_.Fill(values);
    try {
      copy_->Run();
    } catch (const SqlError&) {
      // The schema was read anew, because another program has changed it (VACUUM does).
      TellSecondNames();
      copy_->Run();
    }
    const auto rows = static_cast<sqlite3_int64>(values.size() / image_.columns());
    if (sqlite3_changes64(database_.handle()) != rows) {
      throw DatabaseError(database_.path() + ": " + table_ + ": " + std::to_string(rows) +
                              " rows were to be appended, SQLite says " +
                              std::to_string(sqlite3_changes64(database_.handle())) +
                              ": please report this",
                          SQLITE_INTERNAL);
    }
  }

 private:
  static std::string SecondName(const std::string& table) { return table + "_without_id"; }

  // Returns the image that the connection has attached, its memory being SQLite's.
  RowImage Attach() {
    sqlite3* const handle = database_.handle();
    if (sqlite3_db_filename(handle, schema_.c_str()) == nullptr) {
      database_.Execute("ATTACH ':memory:' AS " + schema_);
    }
    const size_t size = RowImage::Bytes();
    auto* const bytes = static_cast<uint8_t*>(sqlite3_malloc64(size));
    if (bytes == nullptr) throw std::bad_alloc();
    RowImage image(columns_, {bytes, size});
    const auto length = static_cast<sqlite3_int64>(size);
    const int code = sqlite3_deserialize(handle, schema_.c_str(), bytes, length, length,
                                         SQLITE_DESERIALIZE_FREEONCLOSE);
    if (code != SQLITE_OK) throw SqlError("no database in memory", code, schema_, -1);
    // So that SQLite reads the image where it is, and keeps no pages of it.
    database_.Execute("PRAGMA " + schema_ + ".mmap_size = " + std::to_string(size));
    return image;
  }

  void CheckThatChangesAreSeen() {
    Savepoint savepoint(database_);
    const std::string sum = "SELECT sum(" + columns_.substr(0, columns_.find(',')) + ") FROM " +
                            schema_ + "." + RowImage::kTable;
    for (const size_t rows : {RowImage::kMostRows, size_t{1}, size_t{2}}) {
      image_.Fill(std::vector<int64_t>(rows * image_.columns(), 3));
      if (database_.QueryInteger(sum) != static_cast<int64_t>(3 * rows)) {
        throw SqlError("changes of the image are not seen", SQLITE_ERROR, sum, -1);
      }
    }
    savepoint.Release();
  }

  // Of all tables that have an image: to tell of one, SQLite has to forget the others.
  void TellSecondNames() {
    std::vector<std::string> tables;
    Statement list = database_.Prepare(
        "SELECT substr(name, 1 + length(?1)) FROM pragma_database_list"
        " WHERE substr(name, 1, length(?1)) = ?1");
    list.Bind(1, std::string_view(kImageOf));
    while (list.Step()) tables.emplace_back(list.Text(0));
    list.Reset();

    Savepoint savepoint(database_);
    const WritableSchema writable(database_);
    for (const std::string& table : tables) {
      Statement tell = database_.Prepare(
          "INSERT INTO main.sqlite_master (type, name, tbl_name, rootpage, sql)"
          " SELECT 'table', ?2, ?2, t.rootpage, 'CREATE TABLE ' || ?2 || substr(i.sql, "
          "instr(i.sql, ' ('))"
          " FROM main.sqlite_master AS t, " +
          kImageOf + table + ".sqlite_master AS i WHERE t.type = 'table' AND t.name = ?1");
      tell.Bind(1, std::string_view(table)).Bind(2, std::string_view(SecondName(table))).Run();
    }
    database_.Execute("PRAGMA writable_schema = RESET");            // forgets the schema
    database_.Prepare("SELECT 1 FROM main." + SecondName(table_));  // and this reads it
    database_.Execute("PRAGMA writable_schema = ON");
    Statement remove = database_.Prepare("DELETE FROM main.sqlite_master WHERE name = ?");
    for (const std::string& table : tables) {
      remove.Bind(1, std::string_view(SecondName(table))).Run();
    }
    savepoint.Release();
  }

  Database& database_;
  std::string table_, columns_, schema_;
  RowImage image_;
  std::optional<Statement> copy_;
};

AppendedRows::AppendedRows(Database& database, const std::string& table, const std::string& columns)
    : database_(database), table_(table), columns_(columns), staged_(database, table, columns) {}

AppendedRows::~AppendedRows() = default;

AppendedRows::Copier* AppendedRows::GetCopier() {
  if (!tried_) {
    tried_ = true;
    try {
      copier_ = std::make_unique<Copier>(database_, table_, columns_);
    } catch (const DatabaseError& error) {
      // An SQLite without sqlite3_deserialize or memory-mapped files, one that protects its schema,
      // or takes a second name for damage: the rows get there more slowly.
      if (dynamic_cast<const SqlError*>(&error) == nullptr && error.code() != SQLITE_CORRUPT) throw;
      sqlite3_exec(database_.handle(), "PRAGMA writable_schema = RESET", nullptr, nullptr, nullptr);
    }
  }
  return copier_.get();
}

bool AppendedRows::IsFast() { return GetCopier() != nullptr; }

int64_t AppendedRows::Insert(std::span<const int64_t> values) {
  const size_t columns = staged_.columns();
  if (values.size() < kFewestRows * columns) return staged_.Insert(values);
  Copier* const copier = GetCopier();
  if (copier == nullptr) return staged_.Insert(values);
  while (!values.empty()) {
    const size_t some = std::min(values.size(), RowImage::kMostRows * columns);
    copier->Copy(values.first(some));
    values = values.subspan(some);
  }
  return database_.LastInsertRowId();
}

}  // namespace tcpsnap::store
