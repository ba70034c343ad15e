"""Reads the small vCenter with pyVmomi, and prints what it was told as one JSON object.

python demo-pyvmomi.py PORT CA USER PASSWORD
"""

import json
import ssl
import sys

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl
from pyVmomi.VmomiSupport import IsChildVersion

port, ca, user, password = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
said = {}


def connect(word):
    return SmartConnect(host="localhost", port=int(port), user=user, pwd=word, sslContext=context)


def fault(work):
    """The class of what it raises."""
    try:
        work()
    except vmodl.MethodFault as raised:
        return type(raised).__name__
    return "nothing"


def properties(thing):
    """Every property that this version of the API has, one request each; the names of those that are set."""
    known = [info.name for info in thing._GetPropertyList() if IsChildVersion(service._stub.version, info.version)]
    values = {name: getattr(thing, name) for name in known}
    return [name for name, value in values.items() if value is not None and not (isinstance(value, list) and not value)]


said["wrong password"] = fault(lambda: connect("wrong"))
service = connect(password)
content = service.RetrieveContent()
said["about"] = content.about.fullName
said["session"] = content.sessionManager.currentSession.userName

# Property by property, from the root down.
said["tree"] = {}
for datacenter in content.rootFolder.childEntity:
    said["tree"][datacenter.name] = sorted(folder.name for folder in datacenter.vmFolder.childEntity)

view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
machines = {machine.name: machine for machine in view.view}
said["machines"] = sorted(machines)
said["views"] = [type(each).__name__ for each in content.viewManager.viewList]
mail = machines["mail01"]
said["disks"] = [
    [device.deviceInfo.label, type(device.backing).__name__, device.capacityInBytes]
    for device in mail.config.hardware.device
    if isinstance(device, vim.vm.device.VirtualDisk)
]
said["datastores"] = [
    [store.name, store.summary.type, [extent.diskName for extent in store.info.vmfs.extent]] for store in mail.datastore
]
said["parent"] = [mail.parent.name, mail.runtime.host.name, mail.resourcePool.owner.name]

# Everything that its classes know, of one object of each kind.
kinds = [content.rootFolder, content.rootFolder.childEntity[0], mail, mail.runtime.host, mail.datastore[0], mail.resourcePool]
kinds += [mail.resourcePool.owner, view, content.propertyCollector, content.viewManager, service]
kinds += [getattr(content, info.name) for info in content._GetPropertyList() if isinstance(getattr(content, info.name), vim.ManagedObject)]
kinds += [getattr(content.guestOperationsManager, name) for name in ("authManager", "fileManager", "processManager")]
said["set"] = {type(kind).__name__: properties(kind) for kind in kinds}

# A list of its own.
chosen = content.viewManager.CreateListView([mail])
gone = vim.VirtualMachine("vm-404", service._stub)
said["unknown in a list"] = [each._moId for each in chosen.Modify([machines["db01"], gone], [mail])]
said["list"] = [machine.name for machine in chosen.view]

# Updates, with the versions that lead from one to the next.
collect = vmodl.query.PropertyCollector
collector = content.propertyCollector.CreatePropertyCollector()


def watch(thing, path):
    kind = collect.PropertySpec(type=type(thing), pathSet=[path])
    return collector.CreateFilter(collect.FilterSpec(objectSet=[collect.ObjectSpec(obj=thing)], propSet=[kind]), False)


def told(update):
    return [[change.name, str(change.val)] for each in update.filterSet for one in each.objectSet for change in one.changeSet]


watch(mail, "name")
first = collector.WaitForUpdates("")
said["first"] = told(first)
watch(machines["db01"], "runtime.powerState")
second = collector.WaitForUpdatesEx(first.version, collect.WaitOptions(maxWaitSeconds=0))
said["second"] = told(second)
said["third"] = collector.WaitForUpdatesEx(second.version, collect.WaitOptions(maxWaitSeconds=0))
said["filters"] = len(collector.filter)

said["faults"] = {
    "an old version": fault(lambda: collector.WaitForUpdatesEx(first.version, collect.WaitOptions(maxWaitSeconds=0))),
    "a property that there is not": fault(lambda: watch(mail, "nmae")),
    "an object that there is not": fault(lambda: gone.name),
    "a change": fault(lambda: mail.PowerOff()),
    "a program in a guest": fault(
        lambda: content.guestOperationsManager.processManager.StartProgramInGuest(
            mail,
            vim.vm.guest.NamePasswordAuthentication(username="a", password="b"),
            vim.vm.guest.ProcessManager.ProgramSpec(programPath="/bin/true", arguments=""),
        )
    ),
}
said["events"] = [len(content.eventManager.QueryEvents(vim.event.EventFilterSpec()))]
collector.DestroyPropertyCollector()
said["faults"]["a collector that is gone"] = fault(lambda: collector.CheckForUpdates(""))
Disconnect(service)
said["faults"]["after the logout"] = fault(lambda: mail.name)
print(json.dumps(said))
