#!/usr/bin/env python3
"""Each rule of check.py can fail, and lets pass what it should."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ beside the sources
import check

HEADER = "#pragma once\n"
LATER = "TO" "DO"  # in two pieces, so that this file keeps the rule


class HouseTest(unittest.TestCase):
    def breaches(self, name, text):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return check.check(Path(folder))

    def refused(self, name, text, word):
        breaches = self.breaches(name, text)
        self.assertEqual(len(breaches), 1, breaches)
        self.assertIn(word, breaches[0])

    def taken(self, name, text):
        self.assertEqual(self.breaches(name, text), [])

    def test_homes_of_libraries(self):
        for header, home, elsewhere in [
                ("sqlite3.h", "lib/store/a.cc", "lib/store/a.h"),
                ("sqlite3.h", "lib/store/a.cc", "tests/store/a_test.cc"),
                ("archive.h", "lib/capture/a.cc", "lib/store/a.cc"),
                ("archive_entry.h", "tests/capture/a.cc", "tests/store/a.cc"),
                ("zlib.h", "lib/capture/a.cc", "lib/store/a.cc"),
                ("date/tz.h", "lib/capture/a.cc", "apps/query/main.cc"),
                ("nettle/hmac.h", "lib/report/anonymizer.cc", "lib/report/names.cc"),
                ("nlohmann/json.hpp", "lib/report/a.cc", "apps/query/main.cc"),
                ("boost/program_options.hpp", "apps/query/main.cc", "lib/report/a.cc"),
                ("catch2/catch.hpp", "tests/store/a_test.cc", "lib/store/a.cc")]:
            self.taken(home, f"#include <{header}>\n")
            self.refused(elsewhere, HEADER + f"  #  include <{header}>\n", "belongs in")

    def test_arrows(self):
        for name, header in [("lib/capture/a.cc", "procnet/row.h"),
                             ("lib/store/a.cc", "procnet/row.h"),
                             ("lib/report/a.cc", "store/database.h"),
                             ("lib/report/a.cc", "capture/clock.h"),
                             ("lib/report/a.cc", "procnet/address.h"),
                             ("apps/ingest/main.cc", "capture/reader.h")]:
            self.taken(name, f'#include "{header}"\n')
        for name, header in [("lib/procnet/a.cc", "capture/clock.h"),
                             ("lib/capture/a.cc", "store/database.h"),
                             ("lib/store/a.cc", "capture/clock.h"),
                             ("lib/report/a.cc", "capture/reader.h"),
                             ("lib/report/a.cc", "procnet/row.h")]:
            self.refused(name, f'#include "{header}"\n', "may include")
        self.refused("lib/store/a.cc", '#include "database.h"\n', "named from lib/")

    def test_procnet_uses_the_standard_library_only(self):
        self.taken("lib/procnet/a.cc", "#include <charconv>\n#include <cstdint>\n")
        self.refused("lib/procnet/a.cc", "#include <unistd.h>\n", "standard library")

    def test_top_level_and_names(self):
        self.taken("README.md", "text\n")
        self.taken(".ci/run", "text\n")
        self.refused("Makefile", "all:\n", "top level")
        self.refused("docs/a.md", "text\n", "top level")
        self.refused("lib/store/utils.cc", "\n", "utils")
        self.refused("lib/util/a.cc", "\n", "utils")

    def test_text(self):
        self.refused("lib/store/a.cc", f"// {LATER}: later\n", "condition")
        self.refused("tests/run", f"# {LATER}(me): later\n", "condition")
        self.taken("lib/store/a.cc", f"// {LATER}(when Debian has g++ 13): std::format\n")
        self.refused("sql/reports/a.sql", "-- " + "x" * 98 + "\n", "columns")
        self.taken("sql/reports/a.sql", "-- " + "x" * 97 + "\n")
        self.refused("lib/store/a.h", HEADER + "// " + "x" * 98 + "\n", "columns")
        self.refused("lib/store/a.h", "int a;\n", "pragma once")
        self.refused("sql/views.sql", "SELECT * FROM t;\n", "SELECT *")
        self.refused("sql/views.sql", "SELECT a.* FROM a;\n", "SELECT *")
        self.taken("sql/views.sql", "SELECT count(*) FROM t;  -- no SELECT *\n")


if __name__ == "__main__":
    unittest.main()
