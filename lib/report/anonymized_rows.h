// Rows in which addresses and names are replaced by others.
#pragma once

#include <memory>

#include "report/anonymizer.h"
#include "report/row_writer.h"

namespace tcpsnap::report {

/// Hands rows on to `writer` with every text in them as Anonymizer::Text gives it, and NULL for
/// every blob, which could be an address in bytes. Numbers and column names stay: a report of your
/// own has to give addresses as text, as the built-in ones do. `anonymizer` has to outlive it.
std::unique_ptr<RowWriter> AnonymizeRows(std::unique_ptr<RowWriter> writer,
                                         const Anonymizer& anonymizer);

}  // namespace tcpsnap::report
