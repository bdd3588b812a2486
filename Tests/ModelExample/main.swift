// What it takes to use the memory model from a program of one's own.
import PmemDevice
import PmemModel

let pmem0 = DeviceID(region: 0, namespace: 0)
var model = MemoryModel(devices: [DeviceView(pmem0, .fsdax, size: 64 << 20)], rules: KernelRules("6.18"))
let file = ObjectName.path("/mnt/a")
for action: Action in [
  .mount(.device(pmem0), mountPoint: "/mnt", type: "xfs", isDAX: true), .createFile("/mnt/a", size: 65536),
  .startProcess(command: "dma", as: 7), .startProcess(command: "rm", as: 8),
  .map(7, file, offset: 0, length: nil, isWritable: true, isSync: false),
  .pin(7, .mapping(file, offset: 0), length: 4096, .directIO, number: 1), .truncate(8, file, size: 0),
] {
  print(model.apply(action).outcome)
}
print("8 is blocked by \(model.blockers(of: 8)): \(model.blockReason(of: 8) ?? "")")
