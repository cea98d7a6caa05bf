using System.Globalization;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Netlink;
using ControlPlane.TestCommon.Contract;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.KernelTests.Contract;

/// <summary>The contract on the running kernel, with veths for interfaces and a pin root of its own.</summary>
public sealed class LibbpfKernelContract() : KernelContract(new Testbed())
{
    private sealed class Testbed : IKernelTestbed
    {
        private readonly string _pinRoot = LabNames.NextPinRoot();
        private readonly List<VethPair> _pairs = [];
        private readonly List<NetlinkInterfaces> _interfaces = [];

        public IKernel Open()
        {
            var interfaces = new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance);
            _interfaces.Add(interfaces);
            return new LibbpfKernel(new KernelOptions { PinRoot = _pinRoot }, interfaces, NullLoggerFactory.Instance);
        }

        public string AddInterface() => Add(new VethOptions());

        public void AddInterface(string name) => Add(new VethOptions { Name = name });

        public (string Name, string PeerName) AddPair()
        {
            Add(new VethOptions());
            return (_pairs[^1].Name, _pairs[^1].PeerName);
        }

        public void RemoveInterface(string name) => _pairs.Single(p => p.Name == name && p.Ifindex != 0).Delete();

        public void Rename(string name, string newName) => NetworkNamespace.Initial.Rename((name, newName));

        public void SetUp(string name, bool up) => Shell.Run("ip", "link", "set", "dev", name, up ? "up" : "down");

        public void AddAltName(string name, string altName) => Shell.Run("ip", "link", "property", "add", "dev", name, "altname", altName);

        public void RemoveAltName(string name, string altName) => Shell.Run("ip", "link", "property", "del", "dev", name, "altname", altName);

        public void SetMtu(string name, uint mtu) => Shell.Run("ip", "link", "set", "dev", name, "mtu", mtu.ToString(CultureInfo.InvariantCulture));

        public string FreeName() => LabNames.Next();

        public void Dispose()
        {
            _interfaces.ForEach(i => i.Dispose());

            // A renamed end goes with its peer.
            _pairs.ForEach(p => p.Dispose());
            if (Directory.Exists(_pinRoot))
                Directory.Delete(_pinRoot, recursive: true);
        }

        private string Add(VethOptions options)
        {
            var pair = VethPair.Create(NetworkNamespace.Initial, options);
            _pairs.Add(pair);
            return pair.Name;
        }
    }
}
