import Foundation
import PmemDevice
import PmemMedia
import PmemSim
import SystemPackage

/// A machine with a namespace of each mode on one DIMM, whose media are changed behind the kernel's back, then booted.
final class DamagedMachine {
  let machine: ScratchMachine
  private let dimmSize: UInt64 = 512 << 20
  private let areaSize = 128 << 10
  private let dimms: Int

  /// Labels of one version, on so many DIMMs that are interleaved.
  init(_ version: LabelVersion = .v12, dimms: Int = 1, profile: KernelProfile = .v612) throws {
    self.dimms = dimms
    let dimm = SimDimmRequest(size: .mebibytes(512), labelVersion: version, set: dimms > 1 ? "a" : nil)
    machine = try ScratchMachine([SimDimmRequest](repeating: dimm, count: dimms), profile: profile)
    for (name, mode, size) in [
      ("fs", NamespaceMode.fsdax, UInt64(128)), ("dd", .devdax, 64), ("sec", .sector, 64), ("rw", .raw, 32),
    ] {
      try machine.create { request in
        request.mode = mode
        request.amount = .bytes(.mebibytes(size))
        request.name = name
      }
    }
  }

  // MARK: Media

  private func image<Result>(_ dimm: Int, _ body: (FileHandle) throws -> Result) throws -> Result {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: machine.path + "/nmem\(dimm).img"))
    defer { try? handle.close() }
    return try body(handle)
  }

  private func read(_ dimm: Int, _ offset: UInt64, _ count: Int) throws -> [UInt8] {
    try image(dimm) { handle in
      try handle.seek(toOffset: offset)
      return Array(try handle.read(upToCount: count) ?? Data())
    }
  }

  private func write(_ dimm: Int, _ offset: UInt64, _ bytes: [UInt8]) throws {
    try image(dimm) { handle in
      try handle.seek(toOffset: offset)
      try handle.write(contentsOf: Data(bytes))
    }
  }

  func area(_ dimm: Int = 0) throws -> [UInt8] { try read(dimm, dimmSize, areaSize) }

  func change(area dimm: Int = 0, _ body: (inout [UInt8]) throws -> Void) throws {
    var area = try area(dimm)
    try body(&area)
    try write(dimm, dimmSize, area)
  }

  /// Changes fields of the label of a namespace; its checksum is right again unless told otherwise.
  func change(
    label name: String, on dimm: Int = 0, isSealed: Bool = true, _ body: (inout ByteFields) -> Void
  ) throws {
    try change(area: dimm) { area in
      let store = LabelStore(area)
      guard let layout = store.layout, let label = store.active.first(where: { $0.name == name }) else {
        throw DeviceError(.notFound, "no label \(name)")
      }
      let offset = layout.offset(ofSlot: Int(label.slot))
      let size = layout.version.labelSize
      var fields = ByteFields(Array(area[offset..<offset + size]))
      body(&fields)
      if isSealed, layout.version == .v12 { fields.set(fields.checksum(excluding: 248), at: 248, width: 8) }
      area.replaceSubrange(offset..<offset + size, with: fields.bytes)
    }
  }

  /// Where a namespace begins on the only DIMM.
  func start(_ name: String) throws -> UInt64 {
    guard let label = LabelStore(try area()).active.first(where: { $0.name == name }) else {
      throw DeviceError(.notFound, "no label \(name)")
    }
    return label.dpa
  }

  /// Changes bytes of a namespace.
  func change(
    _ name: String, at offset: UInt64, count: Int, _ body: (inout ByteFields) -> Void
  ) throws {
    let place = try start(name) + offset
    var fields = ByteFields(try read(0, place, count))
    body(&fields)
    try write(0, place, fields.bytes)
  }

  /// Changes fields of an info block; its checksum is right again.
  func change(infoBlock name: String, at offset: UInt64, _ body: (inout ByteFields) -> Void) throws {
    try change(name, at: offset, count: 4096) { fields in
      body(&fields)
      fields.set(fields.checksum(excluding: 4088), at: 4088, width: 8)
    }
  }

  /// The BTT info block at the start of a namespace.
  func infoBlock(_ name: String) throws -> BttInfoBlock {
    try BttInfoBlock(try read(0, try start(name), BttInfoBlock.size))
  }

  // MARK: Booting

  func booted() throws -> Inventory {
    try SimMachine.reboot(FilePath(machine.path))
    return try machine.inventory()
  }

  /// What a boot makes of a namespace.
  func verdict(_ name: String) throws -> String {
    guard let found = try booted().namespaces.first(where: { $0.name == name }) else { return "gone" }
    let state = found.isEnabled ? "enabled" : found.holder == nil ? "disabled" : "claimed, disabled"
    return "\(found.mode) \(state)"
  }

  /// Why the kernel does not enable a namespace.
  func refusal(_ name: String) throws -> DeviceError? {
    guard let found = try booted().namespaces.first(where: { $0.name == name }) else { return nil }
    return try machine.use { backend in
      do throws(DeviceError) {
        try backend.perform(.enable(namespace: found.dev))
        return nil
      } catch { return error }
    }
  }
}
