import PmemDevice
import PmemOutput
import PmemSim
import SystemPackage

/// What pmemctl remembers of the scrubs that it started, because the kernel does not: when, and what was bad before. It only
/// informs: a file that cannot be written or read is as good as none.
struct ScrubNotes {
  /// The last scrub of a bus.
  struct Note: Hashable {
    var provider: String
    /// Seconds since 1970.
    var since: UInt64
    /// How many were completed before it.
    var completed: Int
    /// By region.
    var badBlocks: [String: [Extent]]

    init(_ bus: Bus, _ scrub: BusScrub, since: UInt64) {
      provider = bus.provider
      self.since = since
      completed = scrub.completed
      badBlocks = Dictionary(
        bus.regions.filter { !$0.badBlocks.isEmpty }.map { ($0.dev, $0.badBlocks) }, uniquingKeysWith: +)
    }

    /// How many bad blocks of 512 bytes a bus has that it did not have then.
    func news(in bus: Bus) -> Int {
      bus.regions.reduce(0) { total, region in
        let old = badBlocks[region.dev] ?? []
        let fresh = region.badBlocks.flatMap { bad in
          old.reduce([bad]) { parts, known in parts.flatMap { $0.subtracting(known) } }
        }
        return total + fresh.reduce(0) { $0 + Int($1.length / 512) }
      }
    }
  }

  let file: FilePath

  private static let format = "pmemctl-scrubs 1"

  /// nil if pmemctl started none.
  func note(of bus: Bus) -> Note? { notes.first { $0.provider == bus.provider } }

  /// Remembers scrubs that are about to begin.
  func begin(_ fresh: [Note]) {
    guard !fresh.isEmpty else { return }
    let kept = notes.filter { note in !fresh.contains { $0.provider == note.provider } }
    var object = JSONObject()
    object.add("format", Self.format)
    object.add("scrubs", (kept + fresh).map { .object($0.json) })
    do throws(Errno) { try StateDirectory.make(file.removingLastComponent()) } catch { return }
    try? AtomicFile.write(JSON.object(object).text.utf8, to: file, existing: .replace)
  }

  private var notes: [Note] {
    guard let bytes = try? InputFile.read(file.string, followingLinks: false),
      let object = (try? JSON(parsing: bytes))?.object, object["format"]?.string == Self.format
    else { return [] }
    return (object["scrubs"]?.array ?? []).compactMap { $0.object.flatMap(Note.init) }
  }
}

extension ScrubNotes.Note {
  fileprivate var json: JSONObject {
    var object = JSONObject()
    object.add("provider", provider)
    object.add("since", since)
    object.add("completed", completed)
    object.add(
      "regions",
      badBlocks.sorted { $0.key < $1.key }.map { region, extents in
        var item = JSONObject()
        item.add("dev", region)
        item.add("badblocks", extents.map { .array([.unsigned($0.offset), .unsigned($0.length)]) })
        return .object(item)
      })
    return object
  }

  fileprivate init?(_ object: JSONObject) {
    guard let provider = object["provider"]?.string, let since = object["since"]?.unsigned,
      let completed = object["completed"]?.unsigned.flatMap({ Int(exactly: $0) })
    else { return nil }
    self.provider = provider
    self.since = since
    self.completed = completed
    badBlocks = [:]
    for region in object["regions"]?.array ?? [] {
      guard let dev = region.object?["dev"]?.string else { continue }
      badBlocks[dev] = (region.object?["badblocks"]?.array ?? []).compactMap { pair in
        guard let numbers = pair.array?.compactMap(\.unsigned), numbers.count == 2,
          numbers[0] <= .max - numbers[1]
        else { return nil }
        return Extent(offset: numbers[0], length: numbers[1])
      }
    }
  }
}

extension CommandContext {
  /// Of the machine that the options name.
  func scrubNotes(_ options: MachineOptions) -> ScrubNotes {
    ScrubNotes(
      file: simulation(options).map { SimMachine.notes("scrubs.json", in: $0) }
        ?? stateDirectory.appending("scrubs.json"))
  }
}
