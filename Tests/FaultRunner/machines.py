"""Machines that tests change through the program: simulated ones in directories, and this host."""

import hashlib
import json
import mmap
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = 4096
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Ended:
    """A program that was run to its end."""

    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    def __str__(self):
        text = "".join(f"    {line}\n" for line in (self.out + self.err).splitlines())
        return f"  $ {self.command}\n{text}    (status {self.status})\n"


class Lab:
    """What all cases share: the program, the preload library, prepared machines."""

    def __init__(self, program, work, library=None):
        self.program, self.work, self.is_host = os.path.realpath(program), work, library is not None
        self.library = library or os.path.join(work, "inject.so")
        if not library:
            subprocess.run(
                ["cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o", self.library,
                 os.path.join(HERE, "inject.c"), "-ldl"], check=True)
        # Suggestions are run as they are printed.
        self.path = os.path.join(work, "bin")
        os.mkdir(self.path)
        os.symlink(self.program, os.path.join(self.path, "pmemctl"))
        self.environment = {
            "PATH": self.path + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
            "HOME": work,
        }


def copy_sparse(source, destination):
    """Copies a directory; holes stay holes."""
    os.makedirs(destination)
    for entry in os.scandir(source):
        copy = os.path.join(destination, entry.name)
        if entry.is_dir():
            copy_sparse(entry.path, copy)
            continue
        with open(entry.path, "rb") as read, open(copy, "wb") as write:
            size = os.fstat(read.fileno()).st_size
            write.truncate(size)
            position = 0
            while position < size:
                try:
                    position = os.lseek(read.fileno(), position, os.SEEK_DATA)
                except OSError:
                    break
                end = os.lseek(read.fileno(), position, os.SEEK_HOLE)
                os.lseek(read.fileno(), position, os.SEEK_SET)
                os.lseek(write.fileno(), position, os.SEEK_SET)
                while position < end:
                    position += os.write(write.fileno(), os.read(read.fileno(), min(1 << 20, end - position)))
        shutil.copymode(entry.path, copy)


class Machine:
    """A simulated machine in a directory whose name a shell would split, and files beside it."""

    def __init__(self, lab, directory, by_option=True):
        self.lab, self.directory, self.by_option = lab, directory, by_option
        self.path = os.path.join(directory, "a machine")
        self.files = directory
        self.naming = {} if by_option else {"PMEMCTL_SIM": self.path}
        # What was read since the last command that may have changed something.
        self.answers = {}

    def run(self, arguments, environment=None, prefix=""):
        """Runs a change as users type it. Where an option names the machine, suggestions must name it too."""
        words = ["pmemctl", *(word.replace("@FILES", self.files) for word in arguments.split())]
        words += ["--sim", self.path] if self.by_option else []
        command = " ".join(map(shell_word, words))
        return self.shell(command + prefix, environment)

    def shell(self, command, environment=None):
        self.answers = {}
        # With "exec" a signal that ends the program is seen as one.
        is_simple = command.startswith("pmemctl ") and not re.search("[;&|]", command)
        ended = subprocess.run(
            ["/bin/sh", "-c", f"exec {command}" if is_simple else command],
            env={**self.lab.environment, **self.naming, **(environment or {})}, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=120)
        return Ended(command, ended.returncode, ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace"))

    watched = property(lambda self: self.path)

    def inject(self, plan):
        log = os.path.join(self.directory, f"log-{len(os.listdir(self.directory))}")
        return log, {
            "LD_PRELOAD": self.lab.library, "INJECT_PATHS": self.watched, "INJECT_PLAN": plan, "INJECT_LOG": log,
        }

    def read(self, arguments):
        """The answer in JSON of a command that changes nothing."""
        answers = self.answers
        if arguments not in answers:
            ended = self.run(arguments + " --json")
            self.answers = answers
            try:
                if ended.status != 0:
                    raise ValueError
                answers[arguments] = json.loads(ended.out)
            except ValueError:
                raise Unreadable(str(ended)) from None
        return answers[arguments]

    def unfinished(self):
        return [record["id"] for record in self.read("undo list") if record["state"] == "begun"]

    def state(self):
        return State(self)

    def write_noise(self, labels):
        for dimm, uuid, offset, size in labels:
            with open(os.path.join(self.path, f"{dimm}.img"), "r+b") as image:
                image.seek(offset + size // 2)
                image.write(noise(uuid, dimm))

    def harmed(self, labels):
        """The labels whose page of noise is not what it was."""
        harmed = []
        for label in labels:
            dimm, uuid, offset, size = label
            with open(os.path.join(self.path, f"{dimm}.img"), "rb") as image:
                image.seek(offset + size // 2)
                if image.read(PAGE) != noise(uuid, dimm):
                    harmed.append(label)
        return harmed

    def remove(self):
        shutil.rmtree(self.directory)


class Host(Machine):
    """This host's kernel."""

    watched = "/sys:/dev/nmem*:/dev/pmem*:/dev/dax*:/dev/ndctl*:/dev/btt*:/var/lib/pmemctl"

    def __init__(self, lab, directory):
        super().__init__(lab, directory, by_option=False)
        self.naming = {}

    def run(self, arguments, environment=None, prefix=""):
        # One DIMM of it.
        arguments = arguments.replace("namespace create ", "namespace create --region region0 ")
        return super().run(re.sub(r"^(label .*) all\b", r"\1 nmem0", arguments), environment, prefix)

    def rebuild(self, version="1.2"):
        """Fresh labels, no namespace, no record."""
        self.answers = {}
        subprocess.run(["bash", "-c", f'. "$VM_TESTS/lib.sh"; label_all {version}'], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        shutil.rmtree("/var/lib/pmemctl", ignore_errors=True)

    def device(self, uuid):
        """The block device of a namespace, where it is enabled."""
        for namespace in self.read("namespace list"):
            if uuid in (namespace.get("raw_uuid"), namespace.get("uuid")) and namespace.get("state") != "disabled":
                return namespace.get("blockdev")
        return None

    def page(self, device, flags):
        return os.open(f"/dev/{device}", flags | os.O_DIRECT)

    def write_noise(self, labels):
        for dimm, uuid, _, size in labels:
            device = self.device(uuid)
            if device:
                page, descriptor = mmap.mmap(-1, PAGE), self.page(device, os.O_WRONLY | os.O_SYNC)
                page.write(noise(uuid, dimm))
                os.pwritev(descriptor, [page], size // 2)
                os.close(descriptor)

    def harmed(self, labels):
        harmed = []
        for label in labels:
            dimm, uuid, _, size = label
            device = self.device(uuid)
            if device:
                page, descriptor = mmap.mmap(-1, PAGE), self.page(device, os.O_RDONLY)
                os.preadv(descriptor, [page], size // 2)
                os.close(descriptor)
                if page.read(PAGE) != noise(uuid, dimm):
                    harmed.append(label)
        return harmed

    def remove(self):
        pass


class Unreadable(Exception):
    """A fresh pmemctl cannot say what there is."""


def shell_word(word):
    return word if re.fullmatch(r"[A-Za-z0-9_./:=,+-]+", word) else "'" + word.replace("'", "'\\''") + "'"


def log_lines(path):
    try:
        with open(path) as log:
            return [line.rstrip("\n").split(" ") for line in log]
    except FileNotFoundError:
        return []


class State:
    """What there is, by what stays: UUIDs, modes, names, sizes, places, data offsets; not by the kernel's numbers."""

    def __init__(self, machine):
        self.things, self.uuids = [], set()
        for bus in machine.read("status")["buses"]:
            for dimm in bus["dimms"]:
                self.things.append(("dimm", dimm["id"], dimm.get("state", "enabled")))
            for region in bus["regions"]:
                self.things.append(
                    ("region", region["resource"], region.get("state", "enabled"), region["labeled"]))
                for namespace in region["namespaces"]:
                    self.things.append(("namespace", *(namespace.get(key) for key in (
                        "raw_uuid", "uuid", "mode", "map", "size", "raw_size", "sector_size", "align", "name",
                        "resource", "region")), namespace.get("state", "enabled")))
        blocks = machine.read("infoblock read")
        for block in blocks:
            self.things.append(("info", *sorted(
                (key, str(value)) for key, value in block.items() if key != "dev")))
        self.labels = []
        for area in machine.read("label read all") if any(thing[0] == "dimm" for thing in self.things) else []:
            self.things.append(("area", area["dev"], area.get("version")))
            for label in area["label"]:
                if label["state"] != "active":
                    continue
                self.labels.append((area["dev"], label["uuid"], label["dpa"], label["rawsize"]))
                self.things.append(("label", area["dev"], *(label.get(key) for key in (
                    "uuid", "name", "position", "nlabel", "flags", "isetcookie", "lbasize", "dpa", "rawsize",
                    "type_guid", "abstraction_guid"))))
        for thing in self.things:
            for value in thing:
                self.uuids.update(re.findall(UUID, str(value)))

    def identities(self):
        """What UUIDs are of, by the names of namespaces: the same for every machine that was made alike."""
        identities = {}
        for thing in self.things:
            if thing[0] == "namespace":
                label = thing[1] or thing[2]
                identities[label] = f"label of {thing[9]}"
                if thing[1]:
                    identities[thing[2]] = f"info block of {thing[9]}"
        return {**{uuid: uuid for uuid in self.uuids}, **identities}

    def form(self, identities):
        """UUIDs that are not known are random: one is as good as another."""
        def replaced(value):
            return re.sub(UUID, lambda match: identities.get(match[0], "random"), str(value))
        return sorted(tuple(replaced(value) for value in thing) for thing in self.things)


def noise(uuid, dimm, size=PAGE):
    return hashlib.shake_256(f"{uuid} {dimm}".encode()).digest(size)
