/// The checksum of labels, index blocks and info blocks (drivers/nvdimm/core.c:nd_fletcher64): over 32-bit
/// little-endian words, `lo += word; hi += lo`, in 32 and 64 bits.
public func fletcher64(_ bytes: [UInt8]) -> UInt64 {
  var low: UInt32 = 0
  var high: UInt64 = 0
  var index = 0
  while index + 4 <= bytes.count {
    let word =
      UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
      | UInt32(bytes[index + 3]) << 24
    low &+= word
    high &+= UInt64(low)
    index += 4
  }
  return high << 32 | UInt64(low)
}
