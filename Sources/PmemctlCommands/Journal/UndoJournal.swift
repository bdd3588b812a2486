import Glibc
import PmemDevice
import PmemOutput
import SystemPackage

/// Records of changes, a file each, for root alone: `/var/lib/pmemctl/undo`, or `undo` in a simulated machine.
///
/// `N.json` is on the disk before the first step of change N. `N.progress` grows by a byte with every step: how far a
/// change came that was cut short. It only informs, what has to be undone is read off the machine.
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

  /// Whether a change was cut short, and not reverted yet.
  var hasUnfinished: Bool {
    get throws(DeviceError) { try records().records.contains { $0.state == .begun } }
  }

  /// - Throws: ``DeviceError/Code/notFound`` if there is no such record, ``DeviceError/Code/corrupt`` for damage.
  func record(_ id: Int) throws(DeviceError) -> UndoRecord {
    let path = path(id)
    var status = stat()
    guard lstat(path.string, &status) == 0 || errno != ENOENT else {
      throw DeviceError(
        .notFound, "there is no change \(id) to undo", try: ["pmemctl undo list"])
    }
    // Only a link, or a file that others may not read.
    let bytes = try InputFile.read(path.string, followingLinks: false)
    do throws(UndoFormatError) {
      let record = try UndoRecord(parsing: bytes)
      guard record.id == id else { throw UndoFormatError("it is record \(record.id)", at: "id") }
      return record
    } catch {
      throw DeviceError(.corrupt, "\(path), line \(error.line(in: bytes)): \(error.text)")
    }
  }

  /// The numbers of all records; empty if there is no journal yet.
  private func ids() throws(DeviceError) -> [Int] {
    try names().compactMap { name in
      guard name.hasSuffix(Self.suffix), let id = Int(name.dropLast(Self.suffix.count)), id > 0 else {
        return nil
      }
      return id
    }
  }

  private func names() throws(DeviceError) -> [String] {
    guard let stream = opendir(directory.string) else {
      guard errno != ENOENT else { return [] }
      throw failure("read", Errno(rawValue: errno))
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) {
          String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }

  private static let suffix = ".json"

  private func path(_ id: Int) -> FilePath { directory.appending("\(id)\(Self.suffix)") }

  // MARK: Writing

  /// Keeps a new record, under the next number, which it gets.
  ///
  /// - Throws: The disk's error; nothing should be overwritten then. If it could not even be removed again, the record
  ///   exists all the same: ``contains(_:)``.
  func keep(_ record: inout UndoRecord) throws(DeviceError) {
    try makeDirectory()
    let ids = try ids()
    prune(ids)
    removeTemporaries()
    record.id = (ids.max() ?? 0) + 1
    // Another command may take the same number at the same time.
    for _ in 0..<100 {
      do throws(Errno) {
        return try write(record, existing: .keep)
      } catch {
        guard error == .fileExists else { throw failure("write to", error) }
        record.id += 1
      }
    }
    throw failure("write to", .fileExists)
  }

  func contains(_ record: UndoRecord) -> Bool {
    var status = stat()
    return lstat(path(record.id).string, &status) == 0
  }

  /// Notes what became of a record.
  func update(_ record: UndoRecord) throws(DeviceError) {
    do throws(Errno) { try write(record, existing: .replace) } catch { throw failure("write to", error) }
    if record.state != .begun { unlink(progressPath(record.id).string) }
  }

  /// Removes a record for good.
  ///
  /// - Throws: The disk's error; the record may still exist.
  func forget(_ record: UndoRecord) throws(DeviceError) {
    unlink(progressPath(record.id).string)
    do throws(Errno) { try AtomicFile.remove(path(record.id)) } catch {
      throw failure("remove record \(record.id) from", error)
    }
  }

  /// Notes that one more step of a change was performed.
  func noteProgress(of record: UndoRecord) {
    let path = progressPath(record.id)
    let descriptor = open(path.string, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    _ = "\n".utf8.withContiguousStorageIfAvailable { Glibc.write(descriptor, $0.baseAddress, 1) }
  }

  /// How many steps of a change were performed, as far as was noted.
  func progress(of record: UndoRecord) -> Int {
    var status = stat()
    guard lstat(progressPath(record.id).string, &status) == 0 else { return 0 }
    return min(Int(status.st_size), record.steps.count)
  }

  private func progressPath(_ id: Int) -> FilePath { directory.appending("\(id).progress") }

  private func write(_ record: UndoRecord, existing: AtomicFile.Existing) throws(Errno) {
    try AtomicFile.write(JSON.object(record.json).text.utf8, to: path(record.id), existing: existing)
  }

  func makeDirectory() throws(DeviceError) {
    do throws(Errno) { try StateDirectory.make(directory) } catch { throw failure("make", error) }
  }

  /// Leftovers of killed writers; changes on one machine are serialized.
  private func removeTemporaries() {
    for name in (try? names()) ?? [] where name.hasSuffix(AtomicFile.temporarySuffix) {
      unlink(directory.appending(name).string)
    }
  }

  /// The oldest are removed first; those of incomplete changes stay.
  private func prune(_ ids: [Int]) {
    var total = 0
    var kept = 0
    for id in ids.sorted(by: >) {
      var status = stat()
      guard lstat(path(id).string, &status) == 0 else { continue }
      total += Int(status.st_size)
      kept += 1
      guard kept >= Self.most || total > Self.largestTotal else { continue }
      guard let record = try? record(id), record.state != .begun else { continue }
      unlink(path(id).string)
      unlink(progressPath(id).string)
    }
  }

  private func failure(_ verb: String, _ reason: Errno) -> DeviceError {
    DeviceError(
      reason == .permissionDenied || reason == .notPermitted ? .permission : .failed,
      "cannot \(verb) the undo journal \(directory): \(reason.description)", errno: reason.rawValue)
  }
}
