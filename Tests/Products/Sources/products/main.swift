import PmemDevice
import PmemMedia
import PmemModel
import PmemSim
import SystemPackage

// A simulated machine, which is a directory, and a plan that is made from what is there.
let directory = FilePath(CommandLine.arguments[1])
let topology = try SimTopology(
  dimms: [SimDimmRequest(size: .gibibytes(2))], ranges: [], align: nil, profile: .standard)
try SimMachine.create(directory, topology: topology)
let machine = try SimMachine.open(directory, forWriting: true)
let backend = SimBackend(machine)
let inventory = try backend.inventory(.planning)
let request = NamespaceCreateRequest(
  mode: .devdax, amount: .bytes(.mebibytes(512)), name: "db", regions: inventory.regions)
let plan = try NamespaceCreatePlanner(request, inventory: inventory).plan().plan
for entry in plan.entries { print(entry.text) }
print(PlanRunner(on: backend).outcome(of: plan))

// What it came to: on the media, and for who maps it.
let labels = LabelStore(try backend.readLabels(dimm: "nmem0"))
print("labels: \(labels.slots.filter { $0.state == .active }.compactMap(\.label).map(\.name))")
let device = DeviceID(region: 0, namespace: 0)
var model = MemoryModel(devices: [DeviceView(device, .devdax, size: 512 << 20)], rules: KernelRules("6.12"))
print(model.apply(.startProcess(command: "guest", as: 7)).outcome)
