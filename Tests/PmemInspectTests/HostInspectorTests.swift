import Foundation
import PmemDevice
import PmemInspect
import SystemPackage
import TestSupport
import Testing

/// A /proc and a /sys of our own.
final class FakeHost {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try block("pmem0", "259:0", holders: ["dm-0"], partitions: [("pmem0p1", "259:1")])
    try block("pmem1", "259:2", holders: ["dm-0"])
    try block("dm-0", "253:0")
    try file("sys/class/block/dm-0/dm/name", "stack\n")
    try file("sys/bus/dax/devices/dax2.0/dev", "251:4\n")
  }

  var inspector: HostInspector {
    HostInspector(roots: HostRoots(tree: FilePath(directory.path)))
  }

  func inspector(facts: String) -> HostInspector {
    HostInspector(roots: HostRoots(tree: FilePath(directory.path), facts: facts))
  }

  /// Two block namespaces, and a devdax one.
  var inventory: Inventory {
    let blocks = (0...1).map { id -> Namespace in
      var namespace = Namespace(
        regionID: id, id: 0, mode: .fsdax, map: .dev, size: .gibibytes(1), rawSize: .gibibytes(1), uuid: nil,
        sectorSize: 512, isEnabled: true, resource: nil)
      namespace.blockDevice = "pmem\(id)"
      return namespace
    }
    var devdax = Namespace(
      regionID: 2, id: 0, mode: .devdax, map: .dev, size: .gibibytes(1), rawSize: .gibibytes(1), uuid: nil,
      sectorSize: nil, isEnabled: true, resource: nil)
    devdax.daxRegion = DaxRegion(
      id: 2, size: .gibibytes(1), align: 2 << 20,
      devices: [
        DaxDevice(chardev: "dax2.0", size: .gibibytes(1), targetNode: 0, align: 2 << 20, mode: .devdax)
      ])
    let regions = (blocks + [devdax]).map { namespace in
      Region(
        id: namespace.regionID, size: .gibibytes(2), resource: nil, align: 16 << 20, availableSize: .zero,
        maxAvailableExtent: .zero, namespaces: [namespace])
    }
    return Inventory(
      host: HostFacts(kernelRelease: "6.12"),
      buses: [Bus(dev: "ndbus0", provider: "ACPI.NFIT", dimms: [], regions: regions)])
  }

  func file(_ path: String, _ text: String) throws { try file(path, Data(text.utf8)) }

  func file(_ path: String, _ data: Data) throws {
    let url = URL(fileURLWithPath: directory.path).appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  func remove(_ path: String) throws {
    try FileManager.default.removeItem(at: URL(fileURLWithPath: directory.path).appendingPathComponent(path))
  }

  func link(_ path: String, _ target: String) throws {
    let url = URL(fileURLWithPath: directory.path).appendingPathComponent(path)
    try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
  }

  private func block(
    _ name: String, _ number: String, holders: [String] = [], partitions: [(String, String)] = []
  ) throws {
    try file("sys/class/block/\(name)/dev", number + "\n")
    for holder in holders { try file("sys/class/block/\(name)/holders/\(holder)", "") }
    for (part, number) in partitions {
      try file("sys/class/block/\(name)/\(part)/partition", "1\n")
      try file("sys/class/block/\(part)/dev", number + "\n")
    }
  }

  func process(_ pid: Int, _ command: String, maps: String) throws {
    try file("proc/\(pid)/comm", command + "\n")
    try file("proc/\(pid)/maps", maps)
  }
}

@Suite struct HostInspectorTests {
  private static func line(_ place: Int, _ device: String, _ path: String, flags: String = "rw-s") -> String {
    let start = 0x7f00_0000_0000 + place * 0x20_0000
    return String(start, radix: 16) + "-" + String(start + 0x1000, radix: 16)
      + " \(flags) 00002000 \(device) 17                         \(path)\n"
  }

  @Test func filesAreFoundByTheirFilesystemsDevice() throws {
    let host = try FakeHost()
    try host.process(
      7, "reader",
      maps: Self.line(0, "103:00", "/srv/a b") + Self.line(1, "08:01", "/usr/lib/libc.so")
        + "7ffd0000-7ffe0000 rw-p 00000000 00:00 0                                    [stack]\n"
        + Self.line(2, "103:01", "/part/x", flags: "r--p"))
    let report = try host.inspector.mappings(host.inventory, pid: nil)
    #expect(report.mappings.map(\.path.text) == ["/srv/a b", "/part/x"])
    #expect(report.mappings.map(\.device) == ["pmem0", "pmem0p1"])
    #expect(report.mappings.map(\.permissions) == ["rw-s", "r--p"])
    #expect(report.mappings.allSatisfy { $0.namespaces == ["namespace0.0"] && $0.offset == 0x2000 })
    #expect(report.mappings.first?.process == ProcessName(pid: 7, command: RawText("reader")))
  }

  @Test func aStackIsOnAllThatIsUnderIt() throws {
    let host = try FakeHost()
    try host.process(9, "db", maps: Self.line(0, "fd:00", "/data/file"))
    let mapping = try #require(try host.inspector.mappings(host.inventory, pid: nil).mappings.first)
    #expect(mapping.device == "dm-0")
    #expect(mapping.namespaces == ["namespace0.0", "namespace1.0"])
    let report = host.inspector.usage(host.inventory, of: host.inventory.namespaces)
    #expect(report.uses.filter { $0.kind == .mapping }.map(\.namespace) == ["namespace0.0", "namespace1.0"])
    #expect(
      report.uses.filter { $0.kind == .holder }.map(\.path.text)
        == ["/dev/pmem0 by dm-0 (stack)", "/dev/pmem1 by dm-0 (stack)"])
  }

  @Test func mountsOfEverySpaceAreFoundOnce() throws {
    let host = try FakeHost()
    for pid in [1, 2] {
      try host.process(pid, "init", maps: "")
      try host.file(
        "proc/\(pid)/mountinfo",
        """
        30 1 8:1 / / rw - ext4 /dev/sda1 rw
        31 30 259:0 / /mnt/with\\040space rw shared:1 - ext4 /dev/pmem0 rw,dax=always
        32 30 259:2 / /other rw - xfs /dev/pmem1 rw

        """)
    }
    let report = host.inspector.usage(host.inventory, of: [host.inventory.namespaces[0]])
    #expect(report.uses.filter { $0.kind == .mount }.map(\.path.text) == ["/mnt/with space"])
    #expect(report.uses.first { $0.kind == .mount }?.advice == "umount '/mnt/with space'")
  }

  /// A process may go while it is looked at: what its file was is then not known, and that is not the end of it.
  @Test func aFileThatCouldNotBeAskedIsAskedAgain() throws {
    let host = try FakeHost()
    // In the second process, the first mapping goes while it is looked at.
    try host.process(7, "churn", maps: Self.line(0, "00:06", "/gone"))
    try host.process(8, "churn", maps: Self.line(0, "00:06", "/gone") + Self.line(1, "00:06", "/gone"))
    let device = 251 << 8 | 4
    let link = "/proc/8/map_files/7f0000200000-7f0000201000"
    let inspector = host.inspector(facts: "\(link)\t6 17 \(device) \(0o020600)\n")
    #expect(try inspector.mappings(host.inventory, pid: nil).mappings.map(\.process.pid) == [8])
  }

  @Test func anIdleHostHasNoUsers() throws {
    let host = try FakeHost()
    try host.file("sys/class/block/pmem0/holders/.keep", "")
    try host.process(1, "init", maps: Self.line(0, "08:01", "/sbin/init"))
    let report = host.inspector.usage(host.inventory, of: [host.inventory.namespaces[2]])
    #expect(report.uses == [])
    // This host describes no types: whether there are pins, or unseen openers, is not known, and that is reported.
    #expect(report.missing.map(\.part) == [.opens, .pins])
  }

  @Test func namesThatAreNoTextAreKept() throws {
    let host = try FakeHost()
    var maps = Data(Self.line(0, "103:00", "/srv/").dropLast().utf8)
    maps.append(contentsOf: [0xff, 0x1b, 0x5b, 0x0a])
    try host.file("proc/5/maps", maps)
    try host.file("proc/5/comm", Data([0xc3, 0x0a]))
    let mapping = try #require(try host.inspector.mappings(host.inventory, pid: nil).mappings.first)
    #expect(mapping.path.bytes == Array("/srv/".utf8) + [0xff, 0x1b, 0x5b])
    #expect(mapping.path.exact == nil)
    #expect(mapping.process.command.bytes == [0xc3])
  }

  @Test func aHundredThousandMappingsAreCounted() throws {
    let host = try FakeHost()
    let maps = (0..<100_000).map { Self.line($0, $0 % 2 == 0 ? "103:00" : "08:01", "/srv/file") }
    try host.process(3, "many", maps: maps.joined())
    #expect(try host.inspector.mappings(host.inventory, pid: 3).mappings.count == 50_000)
    let report = host.inspector.usage(host.inventory, of: host.inventory.namespaces)
    #expect(report.uses.first { $0.kind == .mapping }?.bytes == 50_000 * 4096)
  }

  @Test func spoiledTextIsReadOrPassedOver() throws {
    var generator = SeededGenerator(seed: 53)
    let host = try FakeHost()
    let good = Array((Self.line(0, "103:00", "/srv/file") + Self.line(1, "103:01", "/x")).utf8)
    for _ in 0..<500 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      try host.file("proc/4/maps", Data(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))))
      for mapping in try host.inspector.mappings(host.inventory, pid: 4).mappings {
        #expect(mapping.end > mapping.start)
      }
    }
  }
}
