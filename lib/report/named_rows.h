// Rows with names beside the numbers, by the types of their columns: port, address and uid.
//
//   for people   443/https   10.0.0.1 (db1)   33 (www-data)
//   else         the column as it is, and behind it a column of text NAME_name, NULL without a name
//
// For people such a column is text, aligned to the left. The further columns depend on the types
// and on which files were given, never on the data; one whose name is taken becomes NAME_name_2.
#pragma once

#include <memory>

#include "report/names.h"
#include "report/row_writer.h"

namespace tcpsnap::report {

/// Hands named rows on to `writer`; that writer itself where `names` is empty. `names` has to
/// outlive it.
std::unique_ptr<RowWriter> NameRows(std::unique_ptr<RowWriter> writer, const Names& names,
                                    bool for_people);

}  // namespace tcpsnap::report
