#!/usr/bin/env python3
"""The runner of case files reports what differs, skips what can't run, and rewrites on demand."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

RUN = Path(__file__).resolve().parent / "run"


class RunnerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_text(self, text, *options, name="a.test"):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        result = subprocess.run([sys.executable, RUN, *options, path], capture_output=True,
                                text=True, check=False, timeout=60)
        self.assertEqual(result.stderr, "")
        return result

    def holds(self, text, *options, name="a.test"):
        result = self.run_text(text, *options, name=name)
        self.assertEqual((result.stdout, result.returncode), ("", 0))

    def fails(self, text, word, *options, name="a.test"):
        result = self.run_text(text, *options, name=name)
        self.assertIn(word, result.stdout)
        self.assertEqual(result.returncode, 1)

    def updated(self, text, name="a.test"):
        result = self.run_text(text, "--update", name=name)
        self.assertEqual(result.returncode, 0, result.stdout)
        return (self.folder / name).read_text(encoding="utf-8")

    def test_stdout(self):
        self.holds("# about\n\n$ echo one; echo; echo two\none\n\ntwo\n\n$ true\n")
        self.fails("$ echo one\ntwo\n", "+one")
        self.fails("$ echo one\n", "+one")
        self.fails("$ true\none\n", "-one")
        self.fails("$ printf one\none\n", "No newline")
        self.fails("$ echo; echo\n", "expected")

    def test_stderr_and_exit_code(self):
        self.holds("$ echo out; echo err >&2; echo >&2; exit 3\nout\n! err\n!\n= 3\n")
        self.fails("$ echo err >&2\nerr\n", "+! err")
        self.fails("$ echo err >&2\n", "+! err")
        self.fails("$ exit 3\n", "+= 3")
        self.fails("$ true\n= 3\n", "-= 3")

    def test_patterns(self):
        self.holds("$ echo took 12 ms; echo 7 >&2\n~ took \\d+ ms\n!~ \\d\n")
        self.fails("$ echo took 12 ms today\n~ took \\d+ ms\n", "today")
        self.holds("$ seq 9\n1\n...\n5\n...\n9\n")
        self.holds("$ seq 2; seq 2 >&2\n1\n...\n2\n! ...\n! 2\n")
        self.fails("$ seq 9\n1\n...\n5\n...\n8\n", "+9")
        self.fails("$ true\n~ (\n", "bad pattern")

    def test_continued_commands_and_comments(self):
        self.holds("$ cat <<EOF\n> one\n>\n> EOF\none\n\\\n\n# about the next\n$ true\n")

    def test_lines_that_look_special(self):
        text = "$ printf '%s\\n' '$ a' '! b' '= 2' '~ c' ... '# d' '\\e' ''\n"
        updated = self.updated(text)
        self.assertEqual(
            updated, text + "\\$ a\n\\! b\n\\= 2\n\\~ c\n\\...\n\\# d\n\\\\e\n\\\n")
        self.holds(updated)

    def test_bytes(self):
        self.holds("$ printf 'a\\r\\n\\377\\n'\na\\r\n\\\\xff\n")
        self.fails("$ printf 'a\\r\\n'\na\n", "+a\\r")
        self.holds("```console\n$ printf 'a\\r\\n'\na\n```\n", name="a.md")

    def test_setup_lines(self):
        self.holds("% echo noise; echo x > file\n$ cat file\nx\n")
        self.fails("% false\n$ true\n", "a.test:1")
        self.fails("% true\n", "nothing would be tested")
        self.fails("% true\nx\n$ true\n", "not compared")
        self.fails("# only a remark\n", "nothing would be tested")
        self.fails("what is this\n$ true\n", "a.test:1")

    def test_where_commands_run(self):
        self.holds("$ ls; test -d testdata/webhost -a -d $TESTDATA/webhost && echo $HOME | grep -c /\n"
                   "shared\ntestdata\n1\n", "--shared", "/nonexistent")
        self.holds("$ cat\n")  # no terminal to wait for

    def test_what_is_missing_is_skipped_and_said(self):
        result = self.run_text("requires shared\n$ false\n", "--shared", "/nonexistent")
        self.assertEqual(result.returncode, 77)
        self.assertIn("SKIPPED", result.stdout)
        self.holds("requires shared\n$ test -d \"$SHARED\" -a -d shared\n", "--shared",
                   str(self.folder))
        self.assertEqual(self.run_text("requires no-such-program\n$ true\n").returncode, 77)

    def test_time_is_bounded(self):
        self.fails("timeout 1\n$ sleep 60\n", "stopped after 1 s")
        self.fails("$ kill -SEGV $$\n", "SIGSEGV")

    def test_update_keeps_what_holds(self):
        text = "# about\n$ echo 5 ms\n~ \\d+ ms\n\n# more\n$ echo new; exit 2\nold\n\n$ seq 2\n...\n2\n"
        updated = self.updated(text)
        self.assertEqual(updated, text.replace("old", "new\n= 2"))
        self.holds(updated)
        self.fails("$ kill -SEGV $$\n", "SIGSEGV", "--update")
        self.fails("% false\n$ true\n", "a.test:1", "--update")

    def test_documents(self):
        def document(block, info="console"):
            return f"# Title\n\n```{info}\n{block}```\n\n```sh\nnot run\n```\n"

        self.holds(document("$ echo one; echo err >&2\none\nerr\n$ seq 5\n1\n...\n5\n"), name="a.md")
        self.holds(document("$ echo took 12 ms now\ntook ... now\n"), name="a.md")
        self.holds(document("$ echo one \\\n    two\none two\n"), name="a.md")
        self.holds(document("$ exit 2\n", "console exit=2"), name="a.md")
        self.fails(document("$ exit 2\n"), "exit 2, expected 0", name="a.md")
        self.fails(document("$ echo one\ntwo\n"), "+one", name="a.md")
        self.fails("# Title\n", "nothing would be tested", name="a.md")
        self.fails(document("one\n"), "begins with", name="a.md")
        self.assertEqual(self.updated(document("$ seq 2\n$ echo a b\na...\n"), name="a.md"),
                         document("$ seq 2\n1\n2\n$ echo a b\na...\n"))


if __name__ == "__main__":
    unittest.main()
