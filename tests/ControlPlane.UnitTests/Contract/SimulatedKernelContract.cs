using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Contract;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Contract;

public sealed class SimulatedKernelContract() : KernelContract(new Testbed())
{
    private sealed class Testbed : IKernelTestbed
    {
        private readonly SimulatedHost _host = new();
        private int _names;

        public IKernel Open() => new SimulatedKernel(_host);

        public string AddInterface()
        {
            var name = FreeName();
            _host.AddInterface(name);
            return name;
        }

        public void AddInterface(string name) => _host.AddInterface(name);

        public (string Name, string PeerName) AddPair()
        {
            var (name, peer) = (FreeName(), FreeName());
            _host.AddPair(name, peer);
            return (name, peer);
        }

        public void RemoveInterface(string name) => _host.RemoveInterface(name);

        public void Rename(string name, string newName) => _host.ChangeInterface(name, i => i with { Name = newName });

        public void SetUp(string name, bool up)
        {
            var device = _host.Interfaces.Find(name)!;
            _host.ChangeInterface(name, i => i with { IsUp = up });
            var peer = _host.Interfaces.PeerOf(device)!;
            foreach (var end in new[] { name, peer.Name })
                _host.ChangeInterface(end, i => i with { HasCarrier = up && peer.IsUp });
        }

        public void AddAltName(string name, string altName) =>
            _host.ChangeInterface(name, i => i with { AltNames = new AltNames([.. i.AltNames, altName]) });

        public void RemoveAltName(string name, string altName) =>
            _host.ChangeInterface(name, i => i with { AltNames = new AltNames(i.AltNames.Where(n => n != altName)) });

        public void SetMtu(string name, uint mtu) => _host.ChangeInterface(name, i => i with { Mtu = mtu });

        public string FreeName() => $"if{_names++}";

        public void Dispose()
        {
        }
    }
}
