import Glibc
import PmemDevice
import PmemOutput
import SystemPackage

/// Records of what was overwritten, a file each, for root alone: `/var/lib/pmemctl/undo`, or `undo` in a simulated
/// machine. A record is on the disk before anything is overwritten.
struct UndoJournal {
  let directory: FilePath

  /// Older records go when there are more than this many, or when they take more than ``largestTotal`` bytes.
  private static let most = 64
  private static let largestTotal = 32 << 20

  // MARK: Reading

  /// All records that can be read, the latest first, and what could not be read, in words.
  func records() throws(DeviceError) -> (records: [UndoRecord], damaged: [String]) {
    var records: [UndoRecord] = []
    var damaged: [String] = []
    for id in try ids().sorted(by: >) {
      do throws(DeviceError) { records.append(try record(id)) } catch { damaged.append(error.summary) }
    }
    return (records, damaged)
  }

  /// - Throws: ``DeviceError/Code/notFound`` where there is no such record, ``DeviceError/Code/corrupt`` for damage.
  func record(_ id: Int) throws(DeviceError) -> UndoRecord {
    let path = path(id)
    guard access(path.string, F_OK) == 0 || errno != ENOENT else {
      throw DeviceError(
        .notFound, "there is no change \(id) to undo",
        details: ["pmemctl undo list shows those that there are"])
    }
    do throws(UndoFormatError) {
      let record = try UndoRecord(parsing: try Self.read(path))
      guard record.id == id else { throw UndoFormatError("it is record \(record.id)") }
      return record
    } catch {
      throw DeviceError(.corrupt, "\(path) cannot be read: \(error)")
    }
  }

  private static func read(_ path: FilePath) throws(UndoFormatError) -> [UInt8] {
    do throws(DeviceError) { return try InputFile.read(path.string) } catch {
      throw UndoFormatError(error.summary)
    }
  }

  /// The numbers of all records; none where there is no journal yet.
  private func ids() throws(DeviceError) -> [Int] {
    guard let stream = opendir(directory.string) else {
      guard errno != ENOENT else { return [] }
      throw failure("read", Errno(rawValue: errno))
    }
    defer { closedir(stream) }
    var ids: [Int] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(Self.suffix), let id = Int(name.dropLast(Self.suffix.count)), id > 0 {
        ids.append(id)
      }
    }
    return ids
  }

  private static let suffix = ".json"

  private func path(_ id: Int) -> FilePath { directory.appending("\(id)\(Self.suffix)") }

  // MARK: Writing

  /// Keeps a new record, under the next number.
  ///
  /// - Returns: The record, with its number.
  /// - Throws: What the disk says; nothing is kept then, and nothing should be overwritten.
  func keep(_ record: UndoRecord) throws(DeviceError) -> UndoRecord {
    try makeDirectory()
    let ids = try ids()
    prune(ids)
    var record = record
    record.id = (ids.max() ?? 0) + 1
    // Another command may take the same number at the same time.
    for _ in 0..<100 {
      do throws(Errno) {
        try write(record, existing: .keep)
        return record
      } catch {
        guard error == .fileExists else { throw failure("write to", error) }
        record.id += 1
      }
    }
    throw failure("write to", .fileExists)
  }

  /// Notes what became of a record.
  func update(_ record: UndoRecord) throws(DeviceError) {
    do throws(Errno) { try write(record, existing: .replace) } catch { throw failure("write to", error) }
  }

  /// Forgets a record: the plan was taken back.
  func forget(_ record: UndoRecord) { unlink(path(record.id).string) }

  private func write(_ record: UndoRecord, existing: AtomicFile.Existing) throws(Errno) {
    try AtomicFile.write(JSON.object(record.json).text.utf8, to: path(record.id), existing: existing)
  }

  func makeDirectory() throws(DeviceError) {
    var path = FilePath(root: directory.root)
    for component in directory.components {
      path.append(component)
      guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else {
        throw failure("make", Errno(rawValue: errno))
      }
    }
  }

  /// The oldest go first.
  private func prune(_ ids: [Int]) {
    var total = 0
    var kept = 0
    for id in ids.sorted(by: >) {
      var status = stat()
      guard stat(path(id).string, &status) == 0 else { continue }
      total += Int(status.st_size)
      kept += 1
      if kept >= Self.most || total > Self.largestTotal { unlink(path(id).string) }
    }
  }

  private func failure(_ verb: String, _ reason: Errno) -> DeviceError {
    DeviceError(
      reason == .permissionDenied || reason == .notPermitted ? .permission : .failed,
      "cannot \(verb) the undo journal \(directory): \(reason.description)", errno: reason.rawValue)
  }
}
