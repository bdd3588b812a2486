import ArgumentParser
import PmemDevice
import PmemOutput

/// Whether to continue watching.
struct WatchOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Keep running and print changes until interrupted.")
  var watch = false

  @Option(name: .long, help: ArgumentHelp("Interval between checks with --watch.", valueName: "seconds"))
  var interval = 1.0

  func validate() throws {
    guard interval >= 0.05, interval <= 86_400 else {
      throw ValidationError("--interval must be between 0.05 and 86400 seconds")
    }
  }
}

/// The changes between two readings of the same list.
struct ListChange<Element: Hashable> {
  enum Kind: String {
    case added, changed, removed
  }

  let kind: Kind
  let element: Element

  /// - Parameters:
  ///   - old: The list before.
  ///   - new: The list after.
  ///   - key: The identity of an element, which stays when its properties change.
  /// - Returns: Removals in the old order, then the rest in the new one.
  static func between<Key: Hashable>(
    _ old: [Element], _ new: [Element], by key: (Element) -> Key
  ) -> [ListChange] {
    let known = Dictionary(old.map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
    let kept = Set(new.map(key))
    return old.filter { !kept.contains(key($0)) }.map { ListChange(kind: .removed, element: $0) }
      + new.compactMap { element in
        guard let before = known[key(element)] else { return ListChange(kind: .added, element: element) }
        return before == element ? nil : ListChange(kind: .changed, element: element)
      }
  }

  /// The prefix of a line for people.
  var sign: String {
    switch kind {
    case .added: "+"
    case .changed: "~"
    case .removed: "-"
    }
  }
}

/// A list that is shown once, or followed: all of it first, then its changes.
struct ListFollower<Element: Hashable, Key: Hashable> {
  let context: CommandContext
  let options: WatchOptions
  let isJSON: Bool
  /// Looks. Asked again for every round; nothing is kept open between.
  let look: () throws -> (elements: [Element], missing: [Unseen])
  let key: (Element) -> Key
  /// All of it, for people.
  let text: ([Element]) -> String
  /// One line of it.
  let line: (Element) -> String
  let json: (Element) -> JSONObject

  func run() throws {
    var (known, missing) = try look()
    context.note(missing)
    guard options.watch else {
      guard isJSON else { return try context.out.write(text(known)) }
      var stream = JSONArrayStream(to: context.out)
      for element in known { try stream.add(.object(json(element))) }
      if let element = missing.element { try stream.add(.object(element)) }
      return try stream.finish()
    }
    if isJSON {
      for element in known { try tell(ListChange(kind: .added, element: element)) }
      try tell(missing)
    } else {
      try context.out.write(text(known))
    }
    while context.pause(options.interval) {
      let (new, nowMissing) = try look()
      if nowMissing != missing {
        missing = nowMissing
        context.note(missing)
        if isJSON { try tell(missing) }
      }
      for change in ListChange.between(known, new, by: key) { try tell(change) }
      known = new
    }
  }

  private func tell(_ missing: [Unseen]) throws {
    guard let element = missing.element else { return }
    var object = JSONObject()
    object.add("event", "incomplete")
    for member in element.members { object.add(member.key, member.value) }
    try context.out.write(JSON.object(object).line)
  }

  /// A line of JSON begins with `event`; a line for people with a sign.
  private func tell(_ change: ListChange<Element>) throws {
    guard isJSON else {
      return try context.out.write("\(change.sign) \(line(change.element).sanitized)\n")
    }
    var object = JSONObject()
    object.add("event", change.kind.rawValue)
    for member in json(change.element).members { object.add(member.key, member.value) }
    try context.out.write(JSON.object(object).line)
  }
}
