import DamagedMedia
import Foundation
import TestSupport

/// A machine with a namespace of each mode on one DIMM, whose media are damaged for each input and restored after it.
struct DamagedMachine {
  private let root: String
  private let damage: MediaDamage
  private let program: Program

  var directory: String { root + "/d" }
  private var pristine: String { root + "/pristine" }
  /// Its files but the image, as they were.
  private var files: [String: Data] = [:]
  private var image: String { directory + "/nmem0.img" }

  private static let size: UInt64 = 256 << 20
  private static let areaSize = 128 << 10

  private static let setup = [
    "sim create D --dimm 256MiB,labels=128KiB",
    "namespace create --sim D --mode fsdax --size 64MiB --name fs",
    "namespace create --sim D --mode devdax --size 64MiB --name dd",
    "namespace create --sim D --mode sector --size 32MiB --name sec",
    "namespace create --sim D --mode raw --size 16MiB --name rw",
  ]

  /// That write nothing.
  static let reading = [
    "status --sim D --json", "doctor --sim D", "label check --sim D all", "label read --sim D all",
    "infoblock verify --sim D all", "infoblock read --sim D all", "namespace list --sim D --idle",
    "namespace show --sim D 0.0", "namespace check --sim D sec", "namespace check --sim D fs",
    "label recover --sim D nmem0 --dry-run",
    "label recover --sim D nmem0 --thorough --dry-run", "label repair --sim D nmem0 --dry-run",
    "infoblock repair --sim D fs --dry-run", "infoblock repair --sim D sec --dry-run",
    "layout export --sim D", "label backup --sim D all --output -",
    "namespace destroy --sim D --force all --dry-run", "namespace create --sim D --dry-run",
    "namespace check --sim D --repair sec --dry-run", "user list --sim D", "sim check --sim D",
  ]

  static let changing = [
    "label repair --sim D nmem0 --yes", "label recover --sim D nmem0 --yes",
    "infoblock repair --sim D fs --yes", "infoblock repair --sim D sec --yes",
    "namespace check --sim D --repair sec --yes", "namespace disable --sim D all",
    "namespace enable --sim D all", "region disable --sim D all", "namespace create --sim D --size 16MiB",
    "namespace destroy --sim D --force all --yes", "label init --sim D nmem0 --force --yes",
    "namespace rename --sim D sec other", "namespace reconfigure --sim D --force --yes --mode raw 0.0",
  ]

  init(program: Program, root: String) throws {
    (self.program, self.root) = (program, root)
    let directory = root + "/d"
    for line in Self.setup {
      let outcome = try program.run(line.split(separator: " ").map { $0 == "D" ? directory : String($0) })
      guard outcome.status == 0 else { throw Failure("pmemctl \(line): \(outcome.errors)") }
    }
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: directory + "/nmem0.img"))
    defer { try? file.close() }
    func read(_ offset: UInt64, _ count: Int) throws -> [UInt8] {
      try file.seek(toOffset: offset)
      return Array(try file.read(upToCount: count) ?? Data())
    }
    let area = try read(Self.size, Self.areaSize)
    var damage = MediaDamage(seed: 0)
    damage.learn(
      MediaDamage.Known(
        labels: [area],
        structures: try ["fs", "dd", "sec", "rw"].map {
          try MediaDamage.Structures(of: $0, labeled: area, regionAt: 0, read: read)
        }))
    self.damage = damage
    try copy(directory, to: pristine)
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name != "nmem0.img" {
      files[name] = FileManager.default.contents(atPath: directory + "/" + name)
    }
  }

  /// What is damaged for an input: the same for the same seed.
  func round(seed: UInt64) -> MediaDamage.Round {
    var damage = damage
    damage.start(seed: seed)
    return damage.next()
  }

  /// Damages the media, and has the next command boot: what the kernel has in memory is a file.
  func write(_ round: MediaDamage.Round) throws {
    unlink(directory + "/runtime")
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: image))
    defer { try? file.close() }
    for edit in round.edits {
      try file.seek(toOffset: edit.offset)
      try file.write(contentsOf: Data(edit.bytes))
    }
    for area in round.areas.values {
      try file.seek(toOffset: Self.size)
      try file.write(contentsOf: Data(area))
    }
  }

  /// Makes it what it was.
  ///
  /// - Parameters:
  ///   - round: What was damaged.
  ///   - isWritten: Whether a command may have written elsewhere.
  /// - Throws: What the disk says.
  func restore(_ round: MediaDamage.Round, isWritten: Bool) throws {
    guard !isWritten else {
      try FileManager.default.removeItem(atPath: directory)
      return try copy(pristine, to: directory)
    }
    let source = try FileHandle(forReadingFrom: URL(fileURLWithPath: pristine + "/nmem0.img"))
    let target = try FileHandle(forUpdating: URL(fileURLWithPath: image))
    defer {
      try? source.close()
      try? target.close()
    }
    let labels = round.areas.isEmpty ? [] : [(offset: Self.size, count: Self.areaSize)]
    for part in round.edits.map({ (offset: $0.offset, count: $0.bytes.count) }) + labels {
      try source.seek(toOffset: part.offset)
      try target.seek(toOffset: part.offset)
      try target.write(contentsOf: try source.read(upToCount: part.count) ?? Data())
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: directory)
    where name != "nmem0.img" && files[name] == nil { unlink(directory + "/" + name) }
    for (name, bytes) in files { try bytes.write(to: URL(fileURLWithPath: directory + "/" + name)) }
  }

  private func copy(_ from: String, to: String) throws {
    let outcome = try Program(path: "/bin/cp", directory: root + "/cwd").run([
      "-a", "--sparse=always", from, to,
    ])
    guard outcome.status == 0 else { throw Failure("cannot copy \(from): \(outcome.errors)") }
  }

  /// When each of its files was last written.
  func written() throws -> [String: Date] {
    var found: [String: Date] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
      let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/" + name)
      guard attributes[.type] as? FileAttributeType == .typeRegular, name != "lock" else { continue }
      found[name] = attributes[.modificationDate] as? Date
    }
    return found
  }
}
