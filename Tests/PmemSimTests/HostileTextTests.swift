import Foundation
import PmemDevice
import SystemPackage
import TestSupport
import Testing

@testable import PmemSim

/// Text files of a machine's directory that this program did not write: refused with file and line, and nothing outside
/// the directory is touched.
@Suite struct HostileTextTests {
  /// Lines of a `machine` file, and what is wrong with them.
  static let machines = [
    ("labels=131072", "labels=4095", "line 3: a label area of 4095"),
    ("labels=131072", "labels=1073741824", "line 3: a label area of 1073741824"),
    (
      "size=1073741824 labels", "size=18446744073709551615 labels",
      "line 3: size=18446744073709551615 is not between"
    ),
    ("size=1073741824 labels", "size=1073741823 labels", "line 3: a DIMM's size"),
    ("align=16777216", "align=18446744073709551615", "line 4: align=18446744073709551615 is not between"),
    ("align=16777216", "align=16777215", "line 4: an alignment"),
    ("base=6442450944", "base=18446744073709551614", "line 4: base=18446744073709551614 is not between"),
    ("size=1073741824 align", "size=2147483648 align", "line 4: the region does not fit its DIMMs"),
    ("node=0 id", "node=-1 id", "line 3: node -1"),
    ("dimms=0", "dimms=0,0", "line 4: a region is on at most 32 DIMMs"),
    ("dimms=0", "dimms=7", "line 4: a region is on at most 32 DIMMs"),
    ("kernel profile=6.12\n", "kernel profile=6.12\nregion\n", "line 3: base is missing"),
    ("dimms=0\n", "dimms=0", "line 4: it is truncated"),
  ]

  @Test(arguments: machines) func aMachineFileIsCheckedLineByLine(
    old: String, new: String, says: String
  ) throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    let path = machine.path + "/machine"
    let good = try String(contentsOfFile: path, encoding: .utf8)
    #expect(good.contains(old))
    try good.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: DeviceError.self) {
      try SimMachine.open(FilePath(machine.path), forWriting: false)
    }
    #expect(error?.code == .corrupt && error?.summary.contains("\(path), \(says)") ?? false, "\(error!)")
  }

  @Test(arguments: [
    "dimm number=1 firmware-frozen=0", "dimm number=0", "dimm number=0 firmware-frozen=2", "host master=2",
    "dimm number=0 firmware-frozen=0 passphrase=00", "dimm number=0 firmware-frozen=0 current=",
    "dimm number=0 firmware-frozen=0 pending=" + String(repeating: "zz", count: 32), "other number=0",
  ])
  func passphrasesAreChecked(line: String) throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    try "pmemctl-security 1\n\(line)\n".write(
      toFile: machine.path + "/security", atomically: true, encoding: .utf8)
    let error = #expect(throws: DeviceError.self) {
      try SimMachine.open(FilePath(machine.path), forWriting: false)
    }
    #expect(error?.code == .corrupt && error?.summary.contains("security, line 2: ") ?? false, "\(error!)")
  }

  @Test(arguments: [
    "dimm number=1", "dimm number=-1", "dimm number=0 flags=nonsense", "dimm number=0 command=1 state=ill",
    "dimm number=0 command=1 spares=101", "dimm number=0 command=1 media-temperature=9223372036854775807",
    "dimm number=0 command=1 dirty-shutdowns=4294967296", "dimm number=0 command=1 watch-spares=2",
    "other number=0",
  ])
  func whatDimmsReportIsChecked(line: String) throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    try "pmemctl-health 1\n\(line)\n".write(
      toFile: machine.path + "/health", atomically: true, encoding: .utf8)
    let error = #expect(throws: DeviceError.self) {
      try SimMachine.open(FilePath(machine.path), forWriting: false)
    }
    #expect(error?.code == .corrupt && error?.summary.contains("health, line 2: ") ?? false, "\(error!)")
  }

  @Test(arguments: [
    "\u{ff}", "pmemctl-badblocks 1\nbad region=0 offset=18446744073709551615 length=1\n",
    "pmemctl-badblocks 1\nbad region=0 offset=0 length=18446744073709551615\n",
    "pmemctl-badblocks 1\nbad region=9 offset=0 length=512\n", "", "pmemctl-badblocks 1\n\n",
    "pmemctl-badblocks 1\nlatent region=0 offset=1073741824 length=512\n",
    "pmemctl-badblocks 1\ninjected region=0 offset=0 length=0\n",
    "pmemctl-badblocks 1\nbetter region=0 offset=0 length=512\n",
  ])
  func badBlocksAreChecked(text: String) throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    let bytes = text == "\u{ff}" ? Data([0x70, 0x0a, 0xff, 0x0a]) : Data(text.utf8)
    try bytes.write(to: URL(fileURLWithPath: machine.path + "/badblocks"))
    let error = #expect(throws: DeviceError.self) {
      try SimMachine.open(FilePath(machine.path), forWriting: false)
    }
    #expect(error?.code == .corrupt && error?.summary.contains("badblocks, line") ?? false, "\(error!)")
  }

  @Test(arguments: [
    "platform scrub=1000001", "platform scrub=-1", "platform activation=soon",
    "dimm number=1 running=1 storage=1 armed=0 open=0 result=none",
    "dimm number=0 running=18446744073709551616 storage=1 armed=0 open=0 result=none",
    "dimm number=0 running=1 storage=18446744073709551615 armed=0 open=0 result=none",
    "dimm number=0 running=1 storage=1 armed=2 open=0 result=none",
    "dimm number=0 running=1 storage=1 armed=0 open=0 result=perhaps", "dimm number=0",
    "other number=0 running=1 storage=1 armed=0 open=0 result=none",
  ])
  func whatThePlatformCanDoIsChecked(line: String) throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    try "pmemctl-platform 1\n\(line)\n".write(
      toFile: machine.path + "/platform", atomically: true, encoding: .utf8)
    let error = #expect(throws: DeviceError.self) {
      try SimMachine.open(FilePath(machine.path), forWriting: false)
    }
    #expect(error?.code == .corrupt && error?.summary.contains("platform, line 2: ") ?? false, "\(error!)")
  }

  /// Stacks that refer to each other twice at each level would be walked forever.
  @Test func stacksDoNotMultiply() throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    let path = machine.path + "/runtime"
    var text = try String(contentsOfFile: path, encoding: .utf8)
    for number in 0..<40 {
      let below = number == 0 ? "0.0" : "dm-\(number - 1)"
      text += "stack number=\(number) name=s\(number)\n"
      text += "piece offset=0 length=4096 volume=\(below)\npiece offset=0 length=4096 volume=\(below)\n"
    }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: DeviceError.self) {
      try SimMachine.open(FilePath(machine.path), forWriting: false)
    }
    #expect(
      error?.code == .corrupt && error?.summary.contains("the piece does not fit") ?? false, "\(error!)")
  }

  // MARK: Links

  /// What a machine's directory holds, and is opened by a change.
  @Test(arguments: ["machine", "runtime", "runtime.pending", "nmem0.img", "badblocks", "platform"])
  func linksAreNotFollowed(name: String) throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    let path = machine.path + "/" + name
    let victim = machine.path + "-victim"
    if FileManager.default.fileExists(atPath: path) {
      try FileManager.default.moveItem(atPath: path, toPath: victim)
    } else {
      try "precious".write(toFile: victim, atomically: true, encoding: .utf8)
    }
    let before = try Data(contentsOf: URL(fileURLWithPath: victim))
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: victim)
    let error = #expect(throws: DeviceError.self) {
      try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    }
    #expect(
      error?.code == .corrupt && error?.summary.contains("\(path) is a symbolic link") ?? false, "\(error!)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == before)
  }

  @Test func aFIFOIsNotWaitedFor() throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    try? FileManager.default.removeItem(atPath: machine.path + "/runtime")
    #expect(mkfifo(machine.path + "/runtime", 0o600) == 0)
    let error = #expect(throws: DeviceError.self) {
      try SimMachine.open(FilePath(machine.path), forWriting: false)
    }
    #expect(error?.code == .corrupt && error?.summary.contains("not a regular file") ?? false, "\(error!)")
  }

  @Test func destroyingDoesNotReachThroughALink() throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    let other = machine.path + "-other"
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    try "{}".write(toFile: other + "/1.json", atomically: true, encoding: .utf8)
    try FileManager.default.createSymbolicLink(
      atPath: machine.path + "/undo", withDestinationPath: other)
    #expect(throws: DeviceError.self) { try SimMachine.destroy(FilePath(machine.path)) }
    #expect(FileManager.default.fileExists(atPath: other + "/1.json"))
  }

  /// The memory of a leftover `runtime.pending`, with another name elsewhere, is not written to.
  @Test func aHardLinkKeepsItsContent() throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1))])
    let victim = machine.path + "-victim"
    try "precious".write(toFile: victim, atomically: false, encoding: .utf8)
    try FileManager.default.linkItem(atPath: victim, toPath: machine.path + "/runtime.pending")
    try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
  }
}
