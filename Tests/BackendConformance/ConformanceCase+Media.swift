import PmemDevice

extension ConformanceCase {
  // MARK: Below the modes

  static let media: [ConformanceCase] = [
    ConformanceCase("what is written below the mode of a disabled namespace is read there") { machine in
      let namespace = try machine.create(.fsdax, mebibytes: 64)
      try machine.perform(.disable(namespace: namespace.dev))
      let bytes = (0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      try machine.perform(.write(namespace: namespace.dev, bytes: bytes, offset: 32 << 20))
      let label = namespace.rawUUID?.description ?? ""
      for name in [namespace.dev, label] {
        let (size, read) = try machine.backend.withRawMedia(of: name, forWriting: false) {
          media throws(DeviceError) in (media.size, try media.read(at: 32 << 20, count: 8192))
        }
        try machine.expectEqual(size, 64 << 20, "size of the media")
        try machine.expectEqual(read, bytes, "bytes")
      }
      try machine.perform(.enable(namespace: namespace.dev))
      try machine.expectEqual(try machine.namespace(namespace.dev).uuid, namespace.uuid, "UUID")
    },
    ConformanceCase("an enabled or claimed namespace cannot be reached below its mode: EBUSY") { machine in
      let namespace = try machine.create(.sector, mebibytes: 64)
      try machine.expectErrno(16, what: "read") {
        try machine.backend.withRawMedia(of: namespace.dev, forWriting: false) { _ throws(DeviceError) in }
      }
      try machine.expectErrno(16, what: "write") {
        try machine.perform(.write(namespace: namespace.dev, bytes: [1], offset: 0))
      }
    },
    ConformanceCase("what its users have is the data area") { machine in
      for mode in NamespaceMode.allCases {
        let namespace = try machine.create(mode, mebibytes: 64)
        let (size, bytes) = try machine.backend.withContent(of: namespace) { content throws(DeviceError) in
          (content.size, try content.read(at: 0, count: 4096))
        }
        try machine.expectEqual(size, namespace.size.rawValue, "size of the content of \(mode)")
        try machine.expectEqual(bytes.count, 4096, "bytes of \(mode)")
      }
    },
    ConformanceCase("an info block that is put back brings the mode back") { machine in
      for mode in [NamespaceMode.fsdax, .devdax, .sector] {
        let namespace = try machine.create(mode, mebibytes: 64)
        try machine.perform(.disable(namespace: namespace.dev))
        let saved = try machine.backend.withRawMedia(of: namespace.dev, forWriting: false) {
          media throws(DeviceError) in try media.read(at: 0, count: 8192)
        }
        try machine.perform(.zeroInfoBlock(namespace: namespace.dev))
        try machine.perform(.write(namespace: namespace.dev, bytes: saved, offset: 0))
        try machine.perform(.enable(namespace: namespace.dev))
        try machine.expectEqual(
          ConformanceMachine.lasting(try machine.namespace(namespace.dev)),
          ConformanceMachine.lasting(namespace), "\(mode)")
      }
    },
    ConformanceCase("labels that are put back bring a namespace back") { machine in
      let namespace = try machine.create(.raw, mebibytes: 64, name: "back")
      let region = try machine.region()
      let saved = try region.mappings.map { ($0.dimm, try machine.backend.readLabels(dimm: $0.dimm)) }
      try machine.perform(.disable(namespace: namespace.dev))
      try machine.perform(.free(namespace: namespace.dev))
      try machine.perform(.disableRegion(region.dev))
      for (dimm, bytes) in saved { try machine.perform(.writeLabels(dimm: dimm, bytes: bytes)) }
      try machine.perform(.enableRegion(region.dev))
      let back = try machine.region(region.id).configuredNamespaces
      try machine.expectEqual(back.map(\.name), ["back"], "names")
      try machine.expectEqual(back.map(\.uuid), [namespace.uuid], "UUIDs")
      try machine.expectEqual(back.map(\.resource), [namespace.resource], "addresses")
      for (dimm, bytes) in saved {
        try machine.expect(
          try machine.backend.readLabels(dimm: dimm) == bytes, "the labels of \(dimm) differ")
      }
    },
    ConformanceCase("labels in use cannot be written, nor their DIMM disabled: EBUSY") { machine in
      let dimm = try machine.region().mappings[0].dimm
      let bytes = try machine.backend.readLabels(dimm: dimm)
      try machine.expectErrno(16, what: "write") {
        try machine.perform(.writeLabels(dimm: dimm, bytes: bytes))
      }
      try machine.expectErrno(16, what: "disable") { try machine.perform(.disableDimm(dimm)) }
    },
    ConformanceCase("labels of another size are EINVAL") { machine in
      let region = try machine.region()
      try machine.perform(.disableRegion(region.dev))
      try machine.expectErrno(22, what: "write") {
        try machine.perform(.writeLabels(dimm: region.mappings[0].dimm, bytes: [0, 0]))
      }
      try machine.perform(.enableRegion(region.dev))
    },
    ConformanceCase("labels that are wiped leave an empty region, and are written by the next namespace") {
      machine in
      _ = try machine.create(.raw, mebibytes: 64)
      let region = try machine.region()
      try machine.perform(.disableRegion(region.dev))
      for mapping in region.mappings {
        let size = try machine.backend.readLabels(dimm: mapping.dimm).count
        try machine.perform(.writeLabels(dimm: mapping.dimm, bytes: [UInt8](repeating: 0, count: size)))
      }
      try machine.perform(.enableRegion(region.dev))
      let empty = try machine.region(region.id)
      try machine.expect(empty.isLabeled, "the region lost its labelling")
      try machine.expectEqual(empty.configuredNamespaces, [], "namespaces")
      let namespace = try machine.create(.fsdax, mebibytes: 64)
      try machine.expectEqual(namespace.resource, region.resource, "address")
    },
    ConformanceCase("fresh labels of one version leave nothing of the other") { machine in
      let region = try machine.region()
      let dimms = region.mappings.map(\.dimm)
      let first = try machine.inventory().dimms.first { $0.dev == dimms[0] }?.labels?.version ?? .v12
      let other: LabelVersion = first == .v12 ? .v11 : .v12
      // Each over what the one before left, and was used for.
      for version in [first, other, first] {
        _ = try machine.create(.raw, mebibytes: 64, name: "old")
        try machine.perform(.disableRegion(region.dev))
        for dimm in dimms { try machine.perform(.initializeLabels(dimm: dimm, version)) }
        try machine.perform(.enableRegion(region.dev))
        try machine.expectEqual(
          try machine.region(region.id).configuredNamespaces, [], "namespaces after \(version.rawValue)")
        for dimm in try machine.inventory().dimms where dimms.contains(dimm.dev) {
          try machine.expectEqual(dimm.labels?.version, version, "the version of \(dimm.dev)")
          try machine.expectEqual(dimm.labels?.isBlank, false, "\(dimm.dev) is blank")
        }
        // The first create writes to the index that is not in force: nothing old comes back by it.
        _ = try machine.create(.fsdax, mebibytes: 64, name: "new")
        try machine.perform(.disableRegion(region.dev))
        try machine.perform(.enableRegion(region.dev))
        try machine.expectEqual(
          try machine.region(region.id).configuredNamespaces.map(\.name), ["new"], "names")
        try machine.reset()
      }
    },
    ConformanceCase("a region on a disabled DIMM cannot be enabled: ENXIO") { machine in
      let region = try machine.region()
      let dimm = region.mappings[0].dimm
      try machine.perform(.disableRegion(region.dev))
      try machine.perform(.disableDimm(dimm))
      try machine.expect(
        try machine.inventory().dimms.first { $0.dev == dimm }?.isEnabled == false, "\(dimm) is enabled")
      try machine.expectErrno(6, what: "enable") { try machine.perform(.enableRegion(region.dev)) }
      try machine.perform(.enableDimm(dimm))
      try machine.perform(.enableRegion(region.dev))
    },
    ConformanceCase("a name is changed without touching anything else") { machine in
      let before = try machine.create(.fsdax, mebibytes: 64, name: "before")
      try machine.expectErrno(16, what: "rename while enabled") {
        try machine.perform(.rename(namespace: before.dev, name: "after"))
      }
      try machine.perform(.disable(namespace: before.dev))
      try machine.perform(.rename(namespace: before.dev, name: "after"))
      try machine.perform(.enable(namespace: before.dev))
      var expected = before
      expected.name = "after"
      try machine.expectEqual(
        ConformanceMachine.lasting(try machine.namespace(before.dev)), ConformanceMachine.lasting(expected),
        "namespace")
    },
    ConformanceCase("another UUID is in the labels, once, and the old one is in none") { machine in
      let uuid = DeviceUUID("123e4567-e89b-12d3-a456-426614174000")
      let other = try machine.create(.raw, mebibytes: 64)
      let before = try machine.create(.raw, mebibytes: 64, name: "kept")
      guard let uuid, let taken = other.labelUUID else { throw ConformanceFailure("no UUID") }
      try machine.expectErrno(16, what: "another UUID while enabled") {
        try machine.perform(.identify(namespace: before.dev, uuid: uuid))
      }
      try machine.perform(.disable(namespace: before.dev))
      try machine.expectErrno(22, what: "the UUID of another") {
        try machine.perform(.identify(namespace: before.dev, uuid: taken))
      }
      try machine.perform(.identify(namespace: before.dev, uuid: uuid))
      // From the labels, not from what the kernel remembers.
      let region = try machine.region()
      try machine.perform(.disableRegion(region.dev))
      try machine.perform(.enableRegion(region.dev))
      let found = try machine.region().configuredNamespaces
      try machine.expectEqual(
        Set(found.map(\.labelUUID)), [taken, uuid], "the UUIDs of \(found.map(\.dev).joined(separator: ", "))"
      )
      let after = found.first { $0.labelUUID == uuid }
      try machine.expectEqual(after?.name, "kept", "name")
      try machine.expectEqual(after?.resource, before.resource, "start")
      try machine.expectEqual(after?.rawSize, before.rawSize, "size")
    },
    ConformanceCase("a namespace shrinks at its end, grows behind it, and before it") { machine in
      let names = try (0..<3).map { _ in try machine.create(.raw, mebibytes: 64).dev }
      let base = try machine.region().resource ?? 0
      for name in names { try machine.perform(.disable(namespace: name)) }
      try machine.perform(.resize(namespace: names[1], size: .mebibytes(32)))
      try machine.expectEqual(
        try machine.namespace(names[1]).resource, base + 64 << 20, "start of the shrunken one")
      try machine.expectEqual(try machine.namespace(names[1]).rawSize, .mebibytes(32), "its size")
      try machine.perform(.resize(namespace: names[1], size: .mebibytes(64)))
      try machine.expectEqual(
        try machine.namespace(names[1]).resource, base + 64 << 20, "start of the grown one")
      try machine.perform(.free(namespace: names[0]))
      try machine.perform(.resize(namespace: names[1], size: .mebibytes(96)))
      try machine.expectEqual(
        try machine.namespace(names[1]).resource, base + 32 << 20, "start of the one before")
      try machine.expectErrno(22, what: "unaligned") {
        try machine.perform(.resize(namespace: names[1], size: ByteCount((96 << 20) + 4096)))
      }
      try machine.expectErrno(28, what: "too large") {
        try machine.perform(.resize(namespace: names[1], size: ByteCount(1 << 45)))
      }
    },
  ]
}
