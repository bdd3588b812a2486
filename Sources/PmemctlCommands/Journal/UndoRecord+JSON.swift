import PmemDevice
import PmemMedia
import PmemOutput

extension UndoRecord {
  static let format = "pmemctl-undo 2"
  static let firstFormat = "pmemctl-undo 1"
  /// The end of the year 9999.
  private static let latestTime: UInt64 = 253_402_300_799

  var json: JSONObject {
    var object = JSONObject()
    object.add("format", Self.format)
    object.add("id", id)
    object.add("time", time)
    object.add("title", title)
    object.add("state", state.rawValue)
    object.add("undoes", undoes)
    object.add("steps", steps.map(JSON.string))
    object.add("scope", .object(scope.json))
    object.add("before", .object(before.json))
    if let after { object.add("after", .object(after.json)) }
    if let nodes { object.add("nodes", .object(nodes.json)) }
    return object
  }

  /// - Throws: The problem of the file, in words.
  init(parsing bytes: [UInt8]) throws(UndoFormatError) {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
      throw UndoFormatError(error.problem, line: error.line)
    }
    guard let object = json.object, let format = object["format"]?.string,
      [Self.format, Self.firstFormat].contains(format)
    else { throw UndoFormatError("it is not a \"\(Self.format)\" file") }
    guard let id = object["id"]?.unsigned.flatMap({ Int(exactly: $0) }), let time = object["time"]?.unsigned,
      time <= Self.latestTime, let title = object["title"]?.string,
      let state = object["state"]?.string.flatMap(State.init(rawValue:))
    else { throw UndoFormatError("a key is missing, or no machine has its number") }
    guard format == Self.format else {
      self = try UndoRecord(first: object, id: id, time: time, title: title, state: state)
      return
    }
    guard let scope = object["scope"]?.object, let before = object["before"]?.object else {
      throw UndoFormatError("a key is missing")
    }
    self.init(
      id: id, time: time, title: title, state: state,
      undoes: object["undoes"]?.unsigned.flatMap { Int(exactly: $0) },
      steps: (object["steps"]?.array ?? []).compactMap(\.string), scope: ChangeScope(scope),
      before: try MachineState(before, at: "before"),
      after: try object["after"]?.object.map { object throws(UndoFormatError) in
        try MachineState(object, at: "after")
      },
      nodes: try object["nodes"]?.object.map { object throws(UndoFormatError) in
        try SavedNodes(object, at: "nodes")
      })
  }

  /// Version 1 kept whole label areas and heads of namespaces, and nothing of how the change left them.
  private init(
    first object: JSONObject, id: Int, time: UInt64, title: String, state: State
  ) throws(UndoFormatError) {
    guard let namespaces = object["namespaces"]?.array, let saved = object["saved"]?.array else {
      throw UndoFormatError("a key is missing")
    }
    var before = MachineState()
    var scope = ChangeScope()
    for (index, namespace) in namespaces.enumerated() {
      let state = try NamespaceState(namespace, at: "namespaces[\(index)]")
      scope.namespaces.insert(state.dev)
      if let uuid = state.uuid { scope.uuids.insert(uuid) }
      before.namespaces.append(state)
    }
    for (index, entry) in saved.enumerated() {
      let path = "saved[\(index)]"
      let bytes = try SavedBytes.parse(entry, at: path)
      let fields = entry.object ?? JSONObject()
      if let dimm = fields["dimm"]?.string {
        before.dimms.append(DimmState(dev: dimm, id: fields["id"]?.string, isEnabled: true, labels: bytes))
        // Without namespaces of its own it was a change of whole areas.
        if namespaces.isEmpty {
          scope.areas.insert(dimm)
          scope.uuids.formUnion(LabelStore(bytes).active.map(\.uuid))
        }
      } else if let name = fields["namespace"]?.string, let offset = fields["offset"]?.address,
        let index = before.namespaces.firstIndex(where: { $0.dev == name })
      {
        before.namespaces[index].pieces.append(NamespaceState.Piece(offset: offset, bytes: bytes))
        if offset == 0 { before.namespaces[index].infoUUID = InfoBlockHead(bytes).uuid }
      } else {
        throw UndoFormatError("a saved part has no name", at: path)
      }
    }
    self.init(
      id: id, time: time, title: title, state: state, undoes: nil, steps: [], scope: scope, before: before,
      after: nil)
  }
}

/// The info block in the first 8 KiB of a namespace.
struct InfoBlockHead {
  /// nil: there is none, the namespace is raw.
  let uuid: DeviceUUID?

  init(_ head: [UInt8]) {
    let second = Array(head.dropFirst(Int(PfnInfoBlock.offset)))
    uuid =
      (try? PfnInfoBlock(second))?.uuid ?? (try? BttInfoBlock(second))?.uuid
      ?? (try? BttInfoBlock(head))?.uuid
  }
}

extension JSON {
  /// A number of bytes, or an address: below 2^52, as on every machine that there is.
  var address: UInt64? { unsigned.flatMap { $0 < 1 << 52 ? $0 : nil } }
}

/// Bytes in JSON: all but the zeros, which are most of it.
enum SavedBytes {
  private static let line = 64
  /// More than any label area that there is.
  private static let largest = 16 << 20

  /// Adds `size` and `pieces` [{`offset`, `bytes` in hexadecimal}].
  static func add(_ bytes: [UInt8], to object: inout JSONObject) {
    object.add("size", bytes.count)
    object.add(
      "pieces",
      stride(from: 0, to: bytes.count, by: line).compactMap { offset -> JSON? in
        let piece = bytes[offset..<min(offset + line, bytes.count)]
        guard piece.contains(where: { $0 != 0 }) else { return nil }
        var object = JSONObject()
        object.add("offset", offset)
        object.add("bytes", Hexadecimal.text(piece))
        return .object(object)
      })
  }

  static func parse(_ json: JSON, at path: String) throws(UndoFormatError) -> [UInt8] {
    guard let fields = json.object, let size = fields["size"]?.unsigned.flatMap({ Int(exactly: $0) }),
      size <= largest, let pieces = fields["pieces"]?.array
    else { throw UndoFormatError("saved bytes have no size", at: path) }
    var bytes = [UInt8](repeating: 0, count: size)
    for (index, piece) in pieces.enumerated() {
      guard let offset = piece.object?["offset"]?.unsigned.flatMap({ Int(exactly: $0) }),
        let part = piece.object?["bytes"]?.string.flatMap(Hexadecimal.bytes), offset <= size,
        part.count <= size - offset
      else { throw UndoFormatError("a piece of saved bytes cannot be read", at: path + ".pieces[\(index)]") }
      bytes.replaceSubrange(offset..<offset + part.count, with: part)
    }
    return bytes
  }
}

/// Why a file is no record.
struct UndoFormatError: Error {
  let text: String
  /// Of the value that is wrong, such as `before.dimms[0]`; empty for the whole file.
  let path: String
  /// Unreadable text throws an error of line 1.
  let line: Int?

  init(_ text: String, at path: String = "", line: Int? = nil) {
    self.text = text
    self.path = path
    self.line = line
  }

  /// - Parameter bytes: The file.
  /// - Returns: The line, from 1, of what is wrong.
  func line(in bytes: [UInt8]) -> Int { line ?? JSON.location(of: path, in: bytes)?.line ?? 1 }
}
