import PmemDevice

// DAX devices: the drivers that have them, and memory that is lent to the kernel.
extension ConformanceCase {
  static let devices: [ConformanceCase] = [
    ConformanceCase("the driver of a DAX device goes and comes") { machine in
      let namespace = try machine.create(.devdax, mebibytes: 64)
      let device = try machine.device(of: namespace)
      try machine.perform(.unbindDevice(device.chardev))
      try machine.expect(try !machine.device(of: namespace).isEnabled, "it has a driver still")
      try machine.perform(.bindDevice(device.chardev, .devdax))
      try machine.expectEqual(try machine.device(of: namespace), device, "the device")
    },
    ConformanceCase("a DAX device with a driver gets no other: EBUSY") { machine in
      let namespace = try machine.create(.devdax, mebibytes: 64)
      let device = try machine.device(of: namespace)
      try machine.expectErrno(16, what: "another driver") {
        try machine.perform(.bindDevice(device.chardev, .systemRAM))
      }
    },
    ConformanceCase("memory of a DAX device is lent to the kernel, and comes back") { machine in
      let namespace = try machine.create(.devdax, mebibytes: 512)
      let device = try machine.device(of: namespace)
      let blocks = device.wholeBlocks(of: try machine.inventory().host.memoryBlockSize)
      try machine.expect(blocks > 0, "no block fits")
      try machine.perform(.unbindDevice(device.chardev))
      try machine.perform(.bindDevice(device.chardev, .systemRAM))
      // The kernel's policy may have put it online by itself.
      try machine.perform(.onlineMemory(device: device.chardev, movable: true))
      let lent = try machine.device(of: namespace)
      try machine.expectEqual(lent.mode, .systemRAM, "its mode")
      try machine.expectEqual(lent.memory?.total, blocks, "blocks")
      try machine.expectEqual(lent.memory?.online, blocks, "blocks online")
      try machine.expectErrno(16, what: "taking the driver of online memory away") {
        try machine.perform(.unbindDevice(device.chardev))
      }
      try machine.expectErrno(16, what: "disabling the namespace of online memory") {
        try machine.perform(.disable(namespace: namespace.dev))
      }
      try machine.perform(.offlineMemory(device: device.chardev))
      try machine.expectEqual(try machine.device(of: namespace).memory?.online, 0, "blocks online")
      try machine.perform(.unbindDevice(device.chardev))
      try machine.perform(.bindDevice(device.chardev, .devdax))
      try machine.expectEqual(try machine.device(of: namespace), device, "the device")
    },
    ConformanceCase("memory without a driver cannot go online") { machine in
      let namespace = try machine.create(.devdax, mebibytes: 64)
      let device = try machine.device(of: namespace)
      try machine.expectErrno(19, what: "online") {
        try machine.perform(.onlineMemory(device: device.chardev, movable: true))
      }
    },
  ]
}

extension ConformanceMachine {
  func device(of namespace: Namespace) throws -> DaxDevice {
    guard let device = try self.namespace(namespace.dev).daxRegion?.devices.first else {
      throw ConformanceFailure("\(namespace.dev) has no DAX device")
    }
    return device
  }
}
