# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0
"""A Debian of its own, booted in a container of systemd's: with its own processes, users and files, and this machine's network."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Callable

RELEASE = "bookworm"
# With what the package depends on, so that it can be installed without a network.
PACKAGES = "systemd,systemd-sysv,dbus,libssl3,libstdc++6,zlib1g,ca-certificates,python3,git"
# Above anything that a healthy run needs on a busy machine with two cores.
DEADLINE = 60.0


def wait_for(what: str, condition: Callable[[], bool], deadline: float = DEADLINE) -> None:
    """Looks again and again until it is so: nobody tells when it is another system whose state changes."""
    until = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def base(folder: Path) -> Path:
    """The system that each run has a copy of; made once, from the distribution's packages."""
    done = folder / "base"
    stamp = done / "root/packages"
    if not stamp.exists() or stamp.read_text() != PACKAGES:
        shutil.rmtree(done, ignore_errors=True)
        unfinished = folder / "base.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        # It mounts /proc in there. If it is killed, that has to go with it, or whoever removes the folder goes through it.
        command = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(unfinished)]
        with open(folder / "debootstrap.log", "wb") as log:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
        (unfinished / "root/packages").write_text(PACKAGES)
        unfinished.rename(done)
    return done


class Machine:
    """One that is booted. `close` ends it."""

    def __init__(self, folder: Path, bind: list[str]):
        """bind: files and folders of this machine's that are there too, to be read."""
        self.root = folder / "root"
        shutil.rmtree(self.root, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", str(base(folder)), str(self.root)], check=True)
        # The same line in both would have two machines share their ids.
        (self.root / "etc/machine-id").write_text("")
        self.console = open(folder / "console.log", "wb")
        self.process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "-D", str(self.root), "--register=no", "--keep-unit", "--boot",
             *(f"--bind-ro={path}" for path in bind)],
            stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console,
        )
        wait_for("the container's first process", self._find_leader)
        wait_for("the boot", self._is_booted)

    def _find_leader(self) -> bool:
        assert self.process.poll() is None, f"systemd-nspawn ended with {self.process.returncode}"
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        # Before it is the init of the container it is a helper of nspawn's.
        self.leader = next((child for child in children if self._is_init(child)), None)
        return self.leader is not None

    @staticmethod
    def _is_init(process: str) -> bool:
        try:
            return Path(f"/proc/{process}/comm").read_text().strip() == "systemd"
        except FileNotFoundError:
            return False

    def _is_booted(self) -> bool:
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def run(self, *command: str, check: bool = True, text: str | None = None) -> subprocess.CompletedProcess:
        """Runs a command there, as root; `text` is its input."""
        done = subprocess.run(
            ["nsenter", "--target", str(self.leader), "--mount", "--uts", "--ipc", "--pid", "--cgroup", "--",
             "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
             "SYSTEMD_PAGER=", *command],
            input=text if text is not None else "", capture_output=True, text=True, timeout=2 * DEADLINE,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def path(self, path: str) -> str:
        """How a file there is called here, one of a file system that is mounted there included."""
        return f"/proc/{self.leader}/root{path}"

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--property", name, "--value", unit).stdout.strip()

    def outer_pid(self, pid: str) -> int:
        """The number here of a process there."""
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                status = Path(f"/proc/{entry}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))
            if len(numbers) > 1 and numbers[-1] == pid and self._is_inside(entry):
                return int(entry)
        raise AssertionError(f"no process {pid} there")

    def _is_inside(self, process: str) -> bool:
        return os.readlink(f"/proc/{process}/ns/pid") == os.readlink(f"/proc/{self.leader}/ns/pid")

    def close(self) -> None:
        if self.process.poll() is None:
            self.run("systemctl", "poweroff", check=False)
            try:
                self.process.wait(timeout=DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.console.close()
        shutil.rmtree(self.root, ignore_errors=True)
