/// Words that people bring along from other tools, and what they are called here.
enum WordMeaning {
  /// Nouns for nouns: singular, lower case.
  private static let nouns: [String: String] = [
    "ndns": "namespace", "pmem": "namespace", "disk": "namespace", "partition": "namespace",
    "volume": "namespace",
    "block": "namespace", "blockdev": "namespace", "nvdimm": "dimm", "nmem": "dimm", "memdev": "dimm",
    "module": "dimm",
    "memory": "device", "daxdev": "device", "chardev": "device", "decoder": "region",
    "interleave-set": "region",
    "iset": "region", "map": "mapping", "mmap": "mapping", "process": "user", "holder": "user",
    "owner": "user",
    "pinned": "pin", "page": "pin", "gup": "pin", "history": "undo", "journal": "undo",
    "record": "undo", "config": "layout", "who": "user", "lsns": "namespace", "state": "status",
    "overview": "status", "summary": "status",
    "info": "status", "superblock": "infoblock", "info-block": "infoblock", "lsa": "label",
    "simulator": "sim",
    "simulation": "sim", "simulate": "sim", "emulate": "sim", "machine": "sim", "health": "doctor",
    "diagnose": "doctor", "fsck": "doctor",
    "repair": "doctor", "policy": "sim", "lsblk": "namespace", "lsmem": "device", "smartctl": "dimm",
  ]

  /// Values of options for values.
  private static let values: [String: String] = [
    "kvm": "qemu", "libvirt": "qemu", "vm": "qemu", "guest": "qemu", "nvdimm": "qemu", "vfio": "spdk",
    "dpdk": "spdk",
    "ib": "rdma", "infiniband": "rdma", "verbs": "rdma", "filesystem": "fs", "ext4": "fs", "xfs": "fs",
    "mount": "fs",
    "btt": "sector", "block": "sector", "pfn": "fsdax", "device-dax": "devdax", "chardev": "devdax",
    "ram": "mem",
    "dram": "mem", "memory": "mem", "device": "dev", "pmem": "dev", "kmem": "system-ram",
    "system_ram": "system-ram",
    "hotplug": "system-ram", "device_dax": "devdax",
  ]

  /// Programs whose work comes before or after pmemctl's.
  static let otherPrograms: Set<String> = [
    "mount", "umount", "mkfs", "mkfs.ext4", "mkfs.xfs", "fdisk", "parted", "wipefs", "modprobe", "dmsetup",
    "qemu-img",
  ]

  /// Verbs for verbs, the likeliest first: a noun has only some of them.
  private static let verbs: [String: [String]] = [
    "show": ["list"], "list": ["show", "export"], "ls": ["list", "show"],
    "check": ["status", "verify", "plan"],
    "ps": ["process list", "list"],
    "delete": ["destroy", "remove", "zero"], "rm": ["destroy", "remove", "zero"],
    "remove": ["destroy", "zero"],
    "del": ["destroy", "remove", "zero"], "erase": ["destroy", "zero", "remove"],
    "wipe": ["destroy", "zero"],
    "kill": ["stop", "process stop", "destroy"], "free": ["destroy", "remove", "list"],
    "drop": ["destroy", "remove"],
    "add": ["create", "start"], "new": ["create", "start"], "make": ["create", "start"],
    "mk": ["create", "start"],
    "alloc": ["create"], "allocate": ["create"], "spawn": ["start", "process start", "create"],
    "run": ["start"],
    "dir": ["list", "show"], "l": ["list", "show"], "all": ["list"], "find": ["list"], "who": ["list"],
    "print": ["show", "list", "export"], "info": ["show", "status", "list"], "get": ["show", "list"],
    "display": ["show", "list"], "describe": ["show", "explain", "list"], "status": ["show", "list"],
    "cat": ["show", "read"], "view": ["show", "list"], "query": ["show", "list"], "details": ["show"],
    "health": ["health", "show", "status"], "smart": ["health"], "secure": ["security"],
    "passphrase": ["security"], "password": ["security"], "unlock": ["security unlock", "unlock"],
    "freeze": ["security freeze"], "sanitize": ["security erase"], "temperature": ["health"],
    "space": ["list"],
    "stop": ["disable", "offline"], "off": ["disable", "offline"], "down": ["disable", "offline"],
    "unbind": ["disable"], "deactivate": ["disable"], "start": ["enable", "online"],
    "on": ["enable", "online"],
    "up": ["enable", "online"], "bind": ["enable"], "activate": ["enable"], "probe": ["enable", "status"],
    "resize": ["reconfigure"], "modify": ["reconfigure"], "change": ["reconfigure"],
    "set": ["reconfigure", "enable"],
    "edit": ["reconfigure"], "convert": ["reconfigure"], "grow": ["reconfigure"], "shrink": ["reconfigure"],
    "extend": ["reconfigure"], "mode": ["reconfigure"], "update": ["reconfigure"], "move": ["rename"],
    "name": ["rename"], "mv": ["rename"], "fsck": ["check"], "verify": ["check", "verify"],
    "validate": ["check", "plan"],
    "test": ["check", "probe"], "diff": ["plan"], "preview": ["plan"], "save": ["export", "backup"],
    "dump": ["export", "read", "show"], "load": ["apply", "restore"], "import": ["apply", "restore"],
    "restore": ["run", "restore"], "revert": ["run"], "rollback": ["run"], "undo": ["run"],
    "format": ["init"],
    "initialize": ["init"], "initialise": ["init"], "reset": ["init", "zero", "reboot"], "fix": ["repair"],
    "reboot": ["reboot"], "restart": ["reboot"],
  ]

  /// Options for options, the likeliest first.
  private static let options: [String: [String]] = [
    "--type": ["--mode", "--kind", "--type"], "-t": ["--mode", "--kind"], "--dry": ["--dry-run"],
    "--simulate": ["--dry-run"], "--what-if": ["--dry-run"], "--whatif": ["--dry-run"],
    "--no-act": ["--dry-run"],
    "--just-print": ["--dry-run"], "--assume-yes": ["--yes"], "--noconfirm": ["--yes"],
    "--no-confirm": ["--yes"],
    "--no-prompt": ["--yes"], "--batch": ["--yes"], "--format": ["--json"], "-J": ["--json"],
    "-j": ["--json"],
    "--label": ["--name"], "--sectorsize": ["--sector-size"], "--blocksize": ["--sector-size"],
    "--block-size": ["--sector-size"], "--bs": ["--sector-size"], "--alignment": ["--align"],
    "--human": ["--bytes"],
    "-h": ["--help"], "-?": ["--help"], "--usage": ["--help"], "--dir": ["--sim"], "--directory": ["--sim"],
    "--machine": ["--sim"], "--capacity": ["--size", "--usable"], "--length": ["--size", "--count"],
    "--bytes": ["--size"], "--memmap": ["--map"], "--follow": ["--watch"], "--kill": ["--break-mappings"],
    "--ignore-users": ["--break-mappings"], "--output-format": ["--json"], "--region-id": ["--region"],
    "--debug": ["--verbose"], "--trace": ["--verbose"], "--columns": ["--output"], "--sort-by": ["--sort"],
    "--no-headings": ["--noheadings"], "--no-header": ["--noheadings"], "--noheader": ["--noheadings"],
    "--backup": ["--no-undo"], "--fix": ["--repair"], "--repair": ["--fix"], "--inactive": ["--idle"],
    "--all": ["--idle"], "--every": ["--idle"],
  ]

  /// The singular, in lower case, of a noun that may be in the plural.
  static func singular(_ word: String) -> String {
    let word = word.lowercased()
    guard word.utf8.count > 3, word.hasSuffix("s"), !word.hasSuffix("us"), !word.hasSuffix("ss") else {
      return word
    }
    return String(word.dropLast())
  }

  static func noun(_ word: String) -> String? { nouns[singular(word)] ?? nouns[word.lowercased()] }
  static func verbs(_ word: String) -> [String] { verbs[word.lowercased()] ?? [] }
  /// The value that a word means, of those that are known.
  static func value(_ word: String, among known: [String]) -> String? {
    let word = word.lowercased()
    if let meant = values[word], known.contains(meant) { return meant }
    // A filesystem is on fsdax.
    return ["fs", "filesystem", "ext4", "xfs"].contains(word) && known.contains("fsdax") ? "fsdax" : nil
  }
  static func options(_ word: String) -> [String] { options[word] ?? [] }

  /// The noun that a name belongs to: `region0` is a region.
  static func noun(of name: String) -> String? {
    let bare = name.hasPrefix("/dev/") ? name.dropFirst(5) : name[...]
    let kinds = [
      ("namespace", "namespace"), ("region", "region"), ("nmem", "dimm"), ("mem", "dimm"), ("dax", "device"),
      ("pmem", "namespace"), ("ndbus", "bus"),
    ]
    return kinds.first { bare.hasPrefix($0.0) && bare.dropFirst($0.0.count).first?.isNumber == true }?.1
  }
}
