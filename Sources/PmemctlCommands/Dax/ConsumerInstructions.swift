import PmemDevice
import PmemOutput

/// The settings with which a consumer uses a namespace.
struct ConsumerInstructions {
  let consumer: DaxConsumer
  private let namespace: Namespace

  init(_ consumer: DaxConsumer, _ namespace: Namespace) {
    self.consumer = consumer
    self.namespace = namespace
  }

  private var path: String { "/dev/\(namespace.node ?? "?")" }
  private var number: Int { namespace.regionID }
  private var size: UInt64 { namespace.size.rawValue }

  /// As QEMU and libvirt take it: `2M`.
  private var align: String {
    let align = namespace.align ?? 4096
    return align >= 1 << 30 ? "\(align >> 30)G" : align >= 1 << 20 ? "\(align >> 20)M" : "\(align >> 10)K"
  }

  private var qemu: [String] {
    [
      "-machine nvdimm=on",
      "-object memory-backend-file,id=mem\(number),share=on,mem-path=\(path),size=\(size),align=\(align),pmem=on",
      "-device nvdimm,id=nv\(number),memdev=mem\(number)",
    ]
  }

  private var libvirt: String {
    """
    <memory model='nvdimm' access='shared'>
      <source>
        <path>\(path)</path>
        <alignsize unit='KiB'>\((namespace.align ?? 4096) >> 10)</alignsize>
        <pmem/>
      </source>
      <target>
        <size unit='KiB'>\(size >> 10)</size>
        <node>0</node>
      </target>
    </memory>

    """
  }

  private var filesystem: [String] {
    [
      "mkfs.ext4 -b 4096 \(path)      (or mkfs.xfs -b size=4096 \(path))",
      "mount -o dax=always \(path) /mnt",
    ]
  }

  var text: String {
    switch consumer {
    case .qemu:
      return "Pass this to QEMU, with slots= and maxmem= of -m large enough:\n"
        + qemu.map { "  \($0)\n" }.joined() + "or this to libvirt, with a <maxMemory slots=...>:\n"
        + libvirt.split(separator: "\n").map { "  \($0)\n" }.joined()
    case .spdk, .rdma:
      let user = consumer == .spdk ? "VFIO pins it (spdk_mem_register)" : "the card pins it (ibv_reg_mr)"
      return """
        Pass this to \(consumer.words):
          path   \(path)
          size   \(size)
          align  \(align): offset, length and address of its mapping
        It is mapped with MAP_SHARED, and \(user): RLIMIT_MEMLOCK must allow that.
        While it is pinned, pmemctl and the kernel keep the namespace: the consumer must go first.

        """
    case .fs:
      return "Create a filesystem, and mount it:\n" + filesystem.map { "  \($0)\n" }.joined()
        + "Then see that files have it:\n  pmemctl dax probe /mnt/FILE\n"
    }
  }

  var json: JSONObject {
    var object = JSONObject()
    object.add("path", path)
    object.add("size", size)
    object.add("align", namespace.align)
    switch consumer {
    case .qemu:
      object.add("arguments", qemu.map(JSON.string))
      object.add("libvirt", libvirt)
    case .fs: object.add("commands", filesystem.map(JSON.string))
    case .spdk, .rdma: break
    }
    return object
  }
}
