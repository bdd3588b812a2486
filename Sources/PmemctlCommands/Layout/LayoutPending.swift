import Glibc
import PmemDevice
import SystemPackage

/// The labels that an apply is about to write, kept until it is done: they identify the leftovers of one that was
/// killed, which may be recreated without asking. Stored beside the undo journal.
struct LayoutPending {
  private let journal: UndoJournal
  private let path: FilePath
  let uuids: Set<DeviceUUID>

  init(_ journal: UndoJournal) {
    self.journal = journal
    path = journal.directory.appending("layout-pending.json")
    let text =
      (try? InputFile.read(path.string, followingLinks: false)).map { String(decoding: $0, as: UTF8.self) }
      ?? ""
    uuids = Set(
      text.split(whereSeparator: { !$0.isHexDigit && $0 != "-" }).compactMap { DeviceUUID(String($0)) })
  }

  /// Notes what is begun, with what was begun before and is not done.
  ///
  /// - Throws: The disk's error; nothing should be begun then.
  func begin(_ more: [DeviceUUID]) throws(DeviceError) {
    guard !more.isEmpty else { return }
    try journal.makeDirectory()
    let all = uuids.union(more).map(\.description).sorted()
    let text = "[\n" + all.map { "  \"\($0)\"" }.joined(separator: ",\n") + "\n]\n"
    do throws(Errno) { try AtomicFile.write(text.utf8, to: path, existing: .replace) } catch {
      throw DeviceError(
        error == .permissionDenied ? .permission : .failed, "cannot write \(path): \(error.description)",
        errno: error.rawValue)
    }
  }

  /// All that was begun is done.
  func end() { unlink(path.string) }
}
