#!/usr/bin/env python3
"""./quickstart, ./run-tests and tools/install_packages, with a fake system around them.

Each test copies the scripts into a folder of its own and puts fake apt-get, dpkg-query, id, cmake and ctest first in
PATH. The fakes write what they were asked to `calls`, so that a test can say what was done and what was not.

    quickstart_test.py [ROOT]
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

FAKES = {
    # Installed is what the file `installed` names, one package a line.
    "dpkg-query": 'for last; do :; done; grep -qx -- "$last" "$FAKE/installed" && echo installed',
    "apt-get": 'echo "apt-get $*" >>"$FAKE/calls"; [ "$1" != "${FAKE_APT_FAILS:-}" ]',
    "id": 'echo "${FAKE_UID:-0}"',
    "cmake": '''echo "cmake $*" >>"$FAKE/calls"
if [ "$1" = --build ] && [ -n "${FAKE_BUILD_FAILS:-}" ]; then exit 1; fi
if [ "$1" = --build ]; then
  mkdir -p build/release/apps/plumb && cp "$FAKE/plumb" build/release/apps/plumb/plumb
fi''',
    "ctest": 'echo "ctest $* PLUMB_DATA=${PLUMB_DATA:-}" >>"$FAKE/calls"; exit "${FAKE_CTEST_STATUS:-0}"',
    "plumb": '''echo "plumb $*" >>"$FAKE/calls"
if [ "$1" = world ]; then mkdir -p "$4" && touch "$4/goal.toml" "$4/decisions.jsonl"; fi
if [ "$1" = align ]; then printf 'ship: Ship it.\\n\\nCandidates, in EUR\\n  a table\\n\\nReport: plumb-run/report.html\\n'; exit "${FAKE_ALIGN_STATUS:-0}"; fi''',
}


def packages(release, *uses):
    """The packages of tools/packages.txt for a release, read independently of the script."""
    found = []
    for line in (ROOT / "tools" / "packages.txt").read_text(encoding="utf-8").splitlines():
        fields = line.split("#")[0].split()
        if fields and fields[0] in ("*", release) and fields[1] in uses:
            found += fields[2:]
    return found


class FakeSystem(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.root = self.home / "plumb"
        shutil.copytree(ROOT / "tools", self.root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        (self.root / ".ci").mkdir()
        for name in ("quickstart", "run-tests", ".ci/run"):
            shutil.copy2(ROOT / name, self.root / name)
        self.fake = self.home / "fake"
        self.fake.mkdir()
        for name, body in FAKES.items():
            path = self.fake / name
            path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            path.chmod(0o755)
        (self.fake / "calls").write_text("", encoding="utf-8")
        self.install()

    def install(self, *names):
        (self.fake / "installed").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")

    def release(self, text):
        path = self.home / "os-release"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run_script(self, *command, release='ID=debian\nVERSION_ID="12"\n', **environment):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PLUMB_", "FAKE_"))}
        kept |= {"PATH": f"{self.fake}:{os.environ['PATH']}", "FAKE": str(self.fake),
                 "PLUMB_OS_RELEASE": self.release(release)} | environment
        return subprocess.run([str(self.root / command[0]), *command[1:]], env=kept, cwd=self.home,
                              capture_output=True, text=True, check=False, timeout=60)

    def calls(self):
        return (self.fake / "calls").read_text(encoding="utf-8").splitlines()


class Packages(FakeSystem):
    def test_an_unknown_release_is_refused_with_the_list_of_packages(self):
        result = self.run_script("quickstart", release='ID=plan9\nVERSION_ID="4"\n')
        self.assertEqual(result.returncode, 2)
        self.assertIn("found release 'plan9-4'", result.stderr)
        self.assertIn("expected one of: debian-12 debian-13 ubuntu-24.04", result.stderr)
        for package in packages("other", "command"):
            self.assertIn(package, result.stderr.split())
        self.assertIn("libeigen3-dev", result.stderr.split())
        self.assertIn("libboost-dev", result.stderr.split())
        self.assertNotIn("libgtest-dev", result.stderr.split())
        self.assertEqual(self.calls(), [])

    def test_the_list_for_run_tests_holds_what_tests_need(self):
        result = self.run_script("run-tests", release="ID=debian\nVERSION_ID=11\n")
        self.assertEqual(result.returncode, 2)
        self.assertIn("libgtest-dev", result.stderr.split())
        self.assertIn("libeigen3-dev", result.stderr.split())

    def test_a_release_without_a_version_or_without_a_file_is_unknown(self):
        self.assertIn("'debian-unknown'", self.run_script("quickstart", release="ID=debian\n").stderr)
        result = self.run_script("quickstart", PLUMB_OS_RELEASE=str(self.home / "absent"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("found release 'unknown'", result.stderr)

    def test_rows_that_are_no_release_cannot_be_named_as_one(self):
        for name in ("ID=other\nVERSION_ID=\n", "ID=#\n", 'ID="*"\n'):
            self.assertEqual(self.run_script("quickstart", release=name).returncode, 2, name)

    def test_without_root_what_is_missing_is_named_and_nothing_is_installed(self):
        wanted = packages("debian-12", "command")
        self.install(*[name for name in wanted if name not in ("libfmt-dev", "libboost1.81-dev")])
        result = self.run_script("quickstart", FAKE_UID="1000")
        self.assertEqual(result.returncode, 2)
        self.assertIn("  libfmt-dev libboost1.81-dev\n", result.stderr)
        self.assertNotIn("libeigen3-dev", result.stderr)
        self.assertEqual(self.calls(), [])

    def test_without_root_nothing_is_asked_where_everything_is_there(self):
        self.install(*packages("debian-12", "command"))
        result = self.run_script("quickstart", FAKE_UID="1000")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertFalse([call for call in self.calls() if call.startswith("apt-get")])

    def test_only_what_is_missing_is_installed(self):
        for release, ident in (("debian-12", 'ID=debian\nVERSION_ID="12"\n'), ("debian-13", "ID=debian\nVERSION_ID=13\n"),
                               ("ubuntu-24.04", 'ID=ubuntu\nVERSION_ID="24.04"\n')):
            with self.subTest(release):
                (self.fake / "calls").write_text("", encoding="utf-8")
                wanted = packages(release, "command")
                self.install(*wanted[3:])
                result = self.run_script("tools/install_packages", "command", release=ident)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(self.calls(), ["apt-get update", "apt-get install -y --no-install-recommends "
                                                "--no-remove " + " ".join(wanted[:3])])

    def test_a_failing_apt_get_is_exit_status_2_with_what_is_missing(self):
        for step in ("update", "install"):
            result = self.run_script("quickstart", FAKE_APT_FAILS=step)
            self.assertEqual(result.returncode, 2)
            self.assertIn(f"apt-get {step} failed; missing: g++", result.stderr)
        self.assertFalse([call for call in self.calls() if call.startswith("cmake")])

    def test_packages_can_be_trusted_to_be_there(self):
        result = self.run_script("quickstart", release="ID=plan9\n", PLUMB_SKIP_PACKAGES="1", FAKE_UID="1000")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_an_unknown_use_is_refused(self):
        self.assertEqual(self.run_script("tools/install_packages", "everything").returncode, 2)
        self.assertEqual(self.run_script("tools/install_packages").returncode, 2)


class Quickstart(FakeSystem):
    def setUp(self):
        super().setUp()
        self.install(*packages("debian-12", "command"))

    def test_builds_the_command_only_and_runs_the_main_job(self):
        result = self.run_script("quickstart")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.calls(), [
            "cmake --preset release -DPLUMB_TESTS=OFF -DPLUMB_BENCH=OFF -DPLUMB_FUZZ=OFF",
            "cmake --build --preset release --target plumb_cli",
            "plumb world newsfeed --out newsfeed-demo",
            "plumb align newsfeed-demo/goal.toml --out plumb-run"])
        self.assertEqual(result.stdout, "ship: Ship it.\n\nReport: plumb-run/report.html\n")

    def test_a_second_run_uses_the_world_that_is_there(self):
        self.run_script("quickstart")
        self.run_script("quickstart")
        self.assertEqual(len([call for call in self.calls() if call.startswith("plumb world")]), 1)
        self.assertEqual(len([call for call in self.calls() if call.startswith("plumb align")]), 2)

    def test_experiment_is_an_answer_and_an_error_is_not(self):
        self.assertEqual(self.run_script("quickstart", FAKE_ALIGN_STATUS="3").returncode, 0)
        self.assertEqual(self.run_script("quickstart", FAKE_ALIGN_STATUS="2").returncode, 2)

    def test_a_failed_build_stops_it(self):
        result = self.run_script("quickstart", FAKE_BUILD_FAILS="1")
        self.assertNotEqual(result.returncode, 0)
        self.assertFalse([call for call in self.calls() if call.startswith("plumb")])

    def test_arguments_are_refused(self):
        self.assertEqual(self.run_script("quickstart", "--fast").returncode, 2)
        self.assertEqual(self.calls(), [])


class RunTests(FakeSystem):
    def setUp(self):
        super().setUp()
        self.install(*packages("debian-12", "command", "tests"))

    def ctest(self):
        return [call for call in self.calls() if call.startswith("ctest")][-1]

    def test_builds_everything_and_runs_every_label(self):
        result = self.run_script("run-tests")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.calls()[:2], [
            "cmake --preset release -DPLUMB_TESTS=ON -DPLUMB_BENCH=ON -DPLUMB_FUZZ=ON", "cmake --build --preset release"])
        self.assertNotIn(" -L ", self.ctest())
        self.assertRegex(result.stdout, r"run-tests: passed after 0 min \d\d s\n$")

    def test_fast_runs_the_fast_label(self):
        self.assertEqual(self.run_script("run-tests", "--fast").returncode, 0)
        self.assertIn(" -L fast", self.ctest())

    def test_the_exit_status_is_the_answer(self):
        result = self.run_script("run-tests", FAKE_CTEST_STATUS="8")
        self.assertEqual(result.returncode, 8)
        self.assertIn("run-tests: failed (exit status 8)", result.stdout)
        self.assertNotEqual(self.run_script("run-tests", FAKE_BUILD_FAILS="1").returncode, 0)

    def test_continuous_integration_gets_the_same_answer(self):
        self.assertEqual(self.run_script(".ci/run").returncode, 0)
        self.assertEqual(self.run_script(".ci/run", FAKE_CTEST_STATUS="8").returncode, 8)

    def test_data_beside_the_checkout_is_found_unless_named(self):
        self.run_script("run-tests")
        self.assertTrue(self.ctest().endswith("PLUMB_DATA="))
        data = self.home / "shared" / "data"
        data.mkdir(parents=True)
        self.run_script("run-tests")
        self.assertTrue(self.ctest().endswith(f"PLUMB_DATA={data.resolve()}"))
        self.run_script("run-tests", PLUMB_DATA="/elsewhere")
        self.assertTrue(self.ctest().endswith("PLUMB_DATA=/elsewhere"))

    def test_unknown_arguments_are_refused(self):
        result = self.run_script("run-tests", "--quick")
        self.assertEqual(result.returncode, 2)
        self.assertIn("found '--quick'", result.stderr)
        self.assertEqual(self.calls(), [])


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
