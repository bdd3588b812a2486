import PmemDevice
import PmemMedia
import PmemOutput

extension LabelStore {
  /// ndctl's keys (`ndctl read-labels -j`): `dev`, `index` [{`signature`, `major`, `minor`, `labelsize`, `seq`, `nslot`}],
  /// `label` [{`uuid`, `name`, `slot`, `position`, `nlabel`, `flags`, `isetcookie`, `lbasize`, `dpa`, `rawsize`,
  /// `type_guid`, `abstraction_guid`}]; and of ours `size`, `version`, `free_slots`, for each index block `current` or
  /// `error`, for each label `state` (active, stale, damaged).
  func json(dev: String) -> JSONObject {
    var object = JSONObject()
    object.add("dev", dev)
    object.add("size", size)
    object.add("version", layout?.version.rawValue)
    object.add("free_slots", index.map { $0.free.count(where: { $0 }) })
    object.add("index", copies.enumerated().map { .object(json($1, number: $0)) })
    object.add("label", slots.map { .object(Self.json($0)) })
    return object
  }

  private func json(_ copy: IndexCopy, number: Int) -> JSONObject {
    var object = JSONObject()
    switch copy {
    case .damaged(let error):
      object.add("error", error.description)
    case .valid(let valid):
      object.add("signature", "NAMESPACE_INDEX")
      object.add("major", 1)
      object.add("minor", valid.layout.version == .v11 ? 1 : 2)
      object.add("labelsize", valid.layout.version.labelSize)
      object.add("seq", UInt64(valid.sequence))
      object.add("nslot", valid.free.count)
      object.add("current", index?.copy == number)
    }
    return object
  }

  private static func json(_ slot: Slot) -> JSONObject {
    var object = JSONObject()
    guard let label = slot.label else {
      object.add("slot", slot.number)
      object.add("state", slot.state.rawValue)
      object.add("error", slot.error?.description)
      return object
    }
    object.add("uuid", label.uuid.description)
    object.add("name", label.name)
    object.add("slot", slot.number)
    object.add("position", Int(label.position))
    object.add("nlabel", Int(label.labelCount))
    object.add("flags", UInt64(label.flags))
    object.add("isetcookie", label.setCookie)
    object.add("lbasize", label.sectorSize)
    object.add("dpa", label.dpa)
    object.add("rawsize", label.rawSize)
    object.add("type_guid", slot.typeGUID?.description)
    object.add("abstraction_guid", slot.abstractionGUID?.description)
    object.add("state", slot.state.rawValue)
    return object
  }

  /// For people: the indexes on a line each, then a table of labels.
  func text(dev: String) -> String {
    var text = "\(dev.sanitized)  \(ByteCount(UInt64(size)))"
    guard let index, let layout else { return text + "  no labels\n" }
    text +=
      "  version \(layout.version.rawValue)  \(index.free.count(where: { $0 })) of \(index.free.count) slots free\n"
    for (number, copy) in copies.enumerated() {
      switch copy {
      case .damaged(let error): text += "  index \(number)  damaged: \(error)\n"
      case .valid(let valid):
        text += "  index \(number)  sequence \(valid.sequence)\(index.copy == number ? "  in force" : "")\n"
      }
    }
    var table = Table([
      ("SLOT", .right), ("STATE", .left), ("NAME", .left), ("DPA", .right), ("SIZE", .right), ("POS", .right),
      ("CLASS", .left), ("UUID", .left),
    ])
    for slot in slots {
      guard let label = slot.label else {
        table.add(["\(slot.number)", slot.state.rawValue, "-", "-", "-", "-", "-", "-"])
        continue
      }
      table.add([
        "\(slot.number)", slot.state.rawValue, label.name.isEmpty ? "-" : label.name,
        "0x" + String(label.dpa, radix: 16), "\(ByteCount(label.rawSize))",
        "\(label.position)/\(label.labelCount)", Self.word(label.claimClass), "\(label.uuid)",
      ])
    }
    return text + table.text
  }

  private static func word(_ claimClass: ClaimClass?) -> String {
    switch claimClass {
    case .some(.none): "-"
    case .btt: "btt"
    case .btt2: "btt2"
    case .pfn: "pfn"
    case .dax: "dax"
    case nil: "unknown"
    }
  }
}
