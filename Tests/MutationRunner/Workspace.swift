import Foundation
import TestSupport

/// Files that the program wrote, to be mutated, and the machine that they are of.
struct Workspace {
  private let directory: TemporaryDirectory
  var root: String { directory.path }
  let program: Program
  let damaged: DamagedMachine
  /// The text of each kind of input before it is mutated.
  private(set) var texts: [Input.Kind: [[UInt8]]] = [:]

  var machine: String { root + "/m" }
  var output: String { root + "/imported" }
  /// Directories that must stay empty.
  var watched: [String] { [root + "/cwd", root + "/tmp"] }

  /// A machine with something of everything.
  private static let setup = [
    "sim create M --dimm 64MiB,set=a --dimm 64MiB,set=a --dimm 512MiB,node=1 --dimm 64MiB,labels=none --e820 64MiB --cxl-memdev 512MiB --cxl-memdev 256MiB,bridge=1,decoders=2 --cxl-memdev 256MiB,kind=ram --cxl-window 2GiB --cxl-window 2GiB,bridges=0+1,granularity=4KiB,kind=pmem",
    "region create --sim M mem0 --size 256MiB", "region create --sim M mem0 mem1 --size 512MiB",
    "namespace create --sim M --region region0 --mode fsdax --size 32MiB --name a",
    "namespace create --sim M --region region0 --mode devdax --size 32MiB --name b",
    "namespace create --sim M --region region1 --mode sector --size 32MiB --name c",
    "namespace create --sim M --region region1 --mode raw --size 32MiB --name d",
    "namespace create --sim M --region region1 --mode fsdax --size 64MiB --name e --map mem",
    "namespace create --sim M --region region1 --mode raw --size 32MiB --name gone",
    "namespace destroy --sim M --force gone",
    "sim inject-error --sim M d --block 8 --count 4",
    "sim process start --sim M qemu --pid 812", "sim process start --sim M holder --pid 8",
    "sim process start --sim M waits --pid 9", "sim process start --sim M asks --pid 10",
    "sim map --sim M 812 dax0.1", "sim touch --sim M 812 dax0.1",
    "sim pin --sim M 812 dax0.1 --offset 2MiB --length 4MiB --kind rdma",
    "sim partition create --sim M pmem1.1 --start 1MiB --size 8MiB",
    "sim stack create --sim M both pmem0 pmem1.2", "sim mount --sim M both /srv --dax always",
    "sim file create --sim M /srv/file --size 2MiB", "sim open --sim M 8 /srv/file",
    "sim map --sim M 8 /srv/file", "sim touch --sim M 8 /srv/file --write",
    "sim pin --sim M 8 /srv/file --length 8KiB --kind direct-io --number 7",
    "sim fault begin --sim M 8 /srv/file", "sim truncate --sim M 9 /srv/file --size 4KiB",
    "sim provider create --sim M far --kind remote --size 1MiB --pool 4",
    "sim direct-access --sim M 10 far --page 3", "sim policy set --sim M truncate delay-free",
    "sim swapon --sim M pmem1.1p1", "sim freeze --sim M /srv",
  ]

  init(program: String) throws {
    directory = try TemporaryDirectory()
    let root = directory.path
    let runnable = Program(path: program, directory: root + "/cwd")
    for name in ["cwd", "tmp"] {
      try FileManager.default.createDirectory(atPath: root + "/" + name, withIntermediateDirectories: true)
    }
    self.program = runnable
    damaged = try DamagedMachine(program: runnable, root: root)
    for line in Self.setup { try run(line) }
    try capture()
  }

  private func words(_ line: String) -> [String] {
    line.split(separator: " ").map { $0 == "M" ? machine : String($0) }
  }

  private func run(_ line: String) throws {
    let outcome = try program.run(words(line))
    guard outcome.status == 0 else { throw Failure("pmemctl \(line): \(outcome.errors)") }
  }

  private func read(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// What a command prints.
  private func printed(_ line: String) throws -> [UInt8] {
    let path = root + "/printed"
    let shell = Program(path: "/bin/sh", directory: root + "/cwd")
    let outcome = try shell.run(["-c", "exec \"$@\" > \(path)", "sh", program.path] + words(line))
    guard outcome.status == 0 else { throw Failure("pmemctl \(line): \(outcome.errors)") }
    return try read(path)
  }

  private mutating func capture() throws {
    for (kind, name) in [(Input.Kind.machine, "machine"), (.runtime, "runtime"), (.badBlocks, "badblocks")] {
      texts[kind] = [try read(machine + "/" + name)]
    }
    let records = try FileManager.default.contentsOfDirectory(atPath: machine + "/undo").filter {
      $0.hasSuffix(".json")
    }
    guard let record = records.max(by: { $0.count == $1.count ? $0 < $1 : $0.count < $1.count }) else {
      throw Failure("no undo record was kept")
    }
    for other in records where other != record {
      try FileManager.default.removeItem(atPath: machine + "/undo/" + other)
    }
    texts[.undo] = [try read(machine + "/undo/" + record)]
    undoNumber = String(record.dropLast(5))
    texts[.labels] = [try printed("label backup --sim M all --output -")]
    let inventory = try printed("status --sim M --json")
    texts[.inventory] = [inventory]
    texts[.inventoryPlan] = [inventory]
    let layout = try printed("layout export --sim M")
    texts[.layout] = [layout, Array(Self.layout.utf8), Array(Self.jsonLayout.utf8)]
    let file = root + "/layout"
    try Data(layout).write(to: URL(fileURLWithPath: file))
    let saved = root + "/plan"
    let planned = try program.run(words("layout plan --sim M \(file) --out \(saved)"))
    guard planned.status == 0 || planned.status == 2 else { throw Failure("layout plan: \(planned.errors)") }
    texts[.plan] = [try read(saved)]
    texts[.scenario] = Self.scenarios.map { Array($0.utf8) }
    for line in ["sim check --sim M", "status --sim M"] { _ = try program.run(words(line)) }
  }

  /// Of the one undo record that is left.
  private(set) var undoNumber = "1"

  static let layout = """
    layout: 1
    regions:
      - select: {min_size: 100MiB, max_size: 0x10000000}
        others: keep
        namespaces: &list
          - {name: "a-{index}", mode: fsdax, size: &half 50%, map: dev, align: 2MiB}
          - {name: "b-{index}", mode: devdax, usable: 18MiB, system_ram: movable}
          - {name: "c-{index}", mode: sector, size: 16MiB, sector_size: 4096, enabled: false}
      - select: {node: 1, dimms: [8680-58341200], address: 0x188000000}
        namespaces:
          - {name: x, uuid: 11111111-2222-4333-8444-555555555555, mode: raw, size: 67108864}
          - {name: y, renamed_from: d, mode: fsdax, usable: 20%}
          - {name: z, mode: raw, size: rest}

    """

  private static let jsonLayout = """
    {"layout": 1, "regions": [{"select": "all", "others": "destroy", "namespaces": [
      {"name": "n-{index}-{node}-{region}", "mode": "devdax", "size": "16MiB", "align": 4096},
      {"name": "m-{index}", "mode": "fsdax", "usable": 20000000, "map": "mem"}]}]}

    """

  private static let scenarios = [
    """
    about: a race
    machine: --dimm 128MiB,labels=128KiB --kernel 6.12 --align 16MiB --e820 64MiB
    namespace create --region region0 --mode devdax --size 96MiB --align 4KiB
    sim process start nic --pid 200
    sim process start admin --pid 300
    sim map 200 dax0.0
    thread nic:
      sim touch 200 namespace0.0 --offset 8192 --length 4096
      sim pin 200 namespace0.0 --length 8KiB --kind rdma --number 1
      sim dma 1
      sim unpin 1
    thread admin:
      sim unbind 300 namespace0.0
    explore: breaks teardown-with-references

    """,
    """
    machine: --dimm 256MiB --kernel 6.18
    namespace create --region region0 --mode fsdax --size 128MiB
    sim mount pmem0 /mnt --dax always
    sim file create /mnt/a --size 8MiB
    sim process start writer --pid 100
    sim map 100 /mnt/a --offset 4096 --length 1MiB
    sim touch 100 /mnt/a --write
    sim pin 100 /mnt/a --length 4096 --kind direct-io --number 3
    sim truncate 100 /mnt/a --size 0
      -> waits
    sim unpin 3
      -> wakes 100
    sim provider create far --kind remote --size 1MiB --pool 16
    sim partition create pmem0 --start 1MiB --size 4MiB
      -> fails
    label backup all --output -
      -> prints pmemctl-labels
    status --json

    """,
  ]
}
