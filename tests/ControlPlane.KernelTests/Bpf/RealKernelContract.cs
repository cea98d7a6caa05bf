using ControlPlane.Core.Ports;
using ControlPlane.Kernel;
using ControlPlane.Kernel.Netlink;
using ControlPlane.TestCommon.Contract;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>The ports' contract, on the real kernel.</summary>
public sealed class RealKernelContract() : KernelContract(new World())
{
    private sealed class World : IKernelWorld
    {
        private readonly string _pinRoot = $"/sys/fs/bpf/{LabNames.Next()}";
        private readonly NetlinkInterfaces _interfaces = new(NullLogger<NetlinkInterfaces>.Instance);
        private readonly List<string> _names = [];

        public IKernel Open() => new LibbpfKernel(new KernelOptions { PinRoot = _pinRoot }, _interfaces, NullLoggerFactory.Instance);

        public string AddInterface()
        {
            var name = FreeName();
            AddInterface(name);
            return name;
        }

        public void AddInterface(string name)
        {
            VethPair.Create(NetworkNamespace.Initial, new VethOptions { Name = name });
            _names.Add(name);
        }

        public void RemoveInterface(string name) => Shell.Run("ip", "link", "delete", "dev", name);

        public void Rename(string name, string newName)
        {
            Shell.Run("ip", "link", "set", "dev", name, "name", newName);
            _names.Add(newName);
        }

        public string FreeName() => LabNames.Next();

        public void Dispose()
        {
            Directory.Delete(_pinRoot, recursive: true);
            foreach (var name in _names.Distinct().Where(n => _interfaces.Query(n) is not null))
                RemoveInterface(name);
            _interfaces.Dispose();
        }
    }
}
