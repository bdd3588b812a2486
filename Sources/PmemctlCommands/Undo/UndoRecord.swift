import PmemDevice
import PmemOutput

/// What a plan overwrote, as it was before: enough to take the plan back, as long as the data are where they were.
struct UndoRecord: Hashable {
  enum State: String {
    /// The plan began to overwrite; whether it came to its end is not known.
    case begun
    case done
    case undone
  }

  /// A namespace as it was.
  struct SavedNamespace: Hashable {
    var dev: String
    var name: String?
    /// Of its label; nil for a label-less one.
    var uuid: DeviceUUID?
    /// nil where it was disabled, and no label was kept that tells.
    var mode: NamespaceMode?
    var isEnabled: Bool
    var size: UInt64
  }

  /// Counts from 1.
  var id: Int
  /// Seconds since 1970, UTC.
  var time: UInt64
  /// What was done: `destroy namespace0.0 "db"`.
  var title: String
  var state: State
  var namespaces: [SavedNamespace]
  /// Ids of the DIMMs by kernel name, which another boot may give to others.
  var dimmIDs: [String: String]
  var saved: SavedMedia
}

// MARK: As a file

extension UndoRecord {
  static let format = "pmemctl-undo 1"

  var json: JSONObject {
    var object = JSONObject()
    object.add("format", Self.format)
    object.add("id", id)
    object.add("time", time)
    object.add("title", title)
    object.add("state", state.rawValue)
    object.add("namespaces", namespaces.map { .object($0.json) })
    object.add("saved", places.map { .object(entry($0)) })
    return object
  }

  /// In a fixed order.
  var places: [SavedPlace] {
    saved.bytes.keys.sorted { Self.order($0) < Self.order($1) }
  }

  private static func order(_ place: SavedPlace) -> String {
    switch place {
    case .labels(let dimm): "0 \(dimm)"
    case .bytes(let namespace, let extent):
      "1 \(namespace) \(String(repeating: "0", count: 20 - "\(extent.offset)".count))\(extent.offset)"
    }
  }

  private func entry(_ place: SavedPlace) -> JSONObject {
    var object = JSONObject()
    switch place {
    case .labels(let dimm):
      object.add("dimm", dimm)
      object.add("id", dimmIDs[dimm])
    case .bytes(let namespace, let extent):
      object.add("namespace", namespace)
      object.add("offset", extent.offset)
    }
    let bytes = saved.bytes[place] ?? []
    object.add("size", bytes.count)
    object.add("pieces", Self.pieces(bytes).map(JSON.object))
    return object
  }

  private static let line = 64

  /// All but the zeros, which are most of it.
  private static func pieces(_ bytes: [UInt8]) -> [JSONObject] {
    stride(from: 0, to: bytes.count, by: line).compactMap { offset in
      let piece = bytes[offset..<min(offset + line, bytes.count)]
      guard piece.contains(where: { $0 != 0 }) else { return nil }
      var object = JSONObject()
      object.add("offset", offset)
      object.add("bytes", Hexadecimal.text(piece))
      return object
    }
  }

  /// - Throws: What is wrong with the file, in words.
  init(parsing bytes: [UInt8]) throws(UndoFormatError) {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
      throw UndoFormatError(error.description)
    }
    guard let object = json.object, object["format"]?.string == Self.format else {
      throw UndoFormatError("it is not a \"\(Self.format)\" file")
    }
    guard let id = object["id"]?.unsigned.flatMap({ Int(exactly: $0) }), let time = object["time"]?.unsigned,
      let title = object["title"]?.string,
      let state = object["state"]?.string.flatMap(State.init(rawValue:)),
      let namespaces = object["namespaces"]?.array, let saved = object["saved"]?.array
    else { throw UndoFormatError("a key is missing") }
    (self.id, self.time, self.title, self.state) = (id, time, title, state)
    self.namespaces = []
    for namespace in namespaces { self.namespaces.append(try SavedNamespace(namespace)) }
    var places: [SavedPlace: [UInt8]] = [:]
    dimmIDs = [:]
    for entry in saved {
      guard let fields = entry.object else { throw UndoFormatError("a saved place is no object") }
      let place: SavedPlace
      if let dimm = fields["dimm"]?.string {
        place = .labels(dimm: dimm)
        dimmIDs[dimm] = fields["id"]?.string
      } else if let namespace = fields["namespace"]?.string {
        guard let offset = fields["offset"]?.unsigned, let size = fields["size"]?.unsigned else {
          throw UndoFormatError("a saved place has no extent")
        }
        place = .bytes(namespace: namespace, Extent(offset: offset, length: size))
      } else {
        throw UndoFormatError("a saved place has no name")
      }
      places[place] = try Self.bytes(fields)
    }
    self.saved = SavedMedia(places)
  }

  /// More than any label area that there is.
  private static let largest = 16 << 20

  private static func bytes(_ fields: JSONObject) throws(UndoFormatError) -> [UInt8] {
    guard let size = fields["size"]?.unsigned.flatMap({ Int(exactly: $0) }), size <= largest,
      let pieces = fields["pieces"]?.array
    else { throw UndoFormatError("a saved place has no size") }
    var bytes = [UInt8](repeating: 0, count: size)
    for piece in pieces {
      guard let offset = piece.object?["offset"]?.unsigned.flatMap({ Int(exactly: $0) }),
        let part = piece.object?["bytes"]?.string.flatMap(Hexadecimal.bytes), offset <= size,
        part.count <= size - offset
      else { throw UndoFormatError("a piece of a saved place cannot be read") }
      bytes.replaceSubrange(offset..<offset + part.count, with: part)
    }
    return bytes
  }
}

extension UndoRecord.SavedNamespace {
  init(_ namespace: Namespace, isLabeled: Bool) {
    dev = namespace.dev
    name = namespace.name
    uuid = isLabeled ? namespace.rawUUID ?? namespace.uuid : nil
    mode = namespace.mode
    isEnabled = namespace.isEnabled
    size = namespace.rawSize.rawValue
  }

  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", dev)
    object.add("name", name)
    object.add("raw_uuid", uuid?.description)
    object.add("mode", mode?.rawValue)
    object.add("enabled", isEnabled)
    object.add("raw_size", size)
    return object
  }

  fileprivate init(_ json: JSON) throws(UndoFormatError) {
    guard let object = json.object, let dev = object["dev"]?.string,
      let isEnabled = object["enabled"]?.boolean, let size = object["raw_size"]?.unsigned
    else { throw UndoFormatError("a namespace cannot be read") }
    self.init(
      dev: dev, name: object["name"]?.string, uuid: object["raw_uuid"]?.string.flatMap { DeviceUUID($0) },
      mode: object["mode"]?.string.flatMap { NamespaceMode(parsing: $0) }, isEnabled: isEnabled, size: size)
  }
}

/// Why a file is no record.
struct UndoFormatError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
