// The file that holds the key of an anonymizer: 64 hexadecimal digits, blanks around them or not.
#pragma once

#include <string>

#include "report/crypto_pan.h"

namespace tcpsnap::report {

struct KeyFile {
  CryptoPan::Key key{};
  bool is_new = false;             ///< it was made just now
  bool is_open_to_others = false;  ///< its group or everybody may read it
};

/// Throws UserError where the file can't be read or holds no key.
KeyFile ReadKeyFile(const std::string& path);

/// Makes the file with a random key, readable by its owner alone, where there is none. Throws
/// UserError as ReadKeyFile does, and where it can't be made.
KeyFile ReadOrMakeKeyFile(const std::string& path);

}  // namespace tcpsnap::report
