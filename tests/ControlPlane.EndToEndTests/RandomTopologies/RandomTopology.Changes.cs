using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>The random changes.</summary>
internal sealed partial class RandomTopology
{
    private static readonly string[] _offloads = ["tx", "gso", "sg", "rx"];
    private static readonly string[] _prepared = ["txvlan", "tso", "tx-udp-segmentation"];
    private static readonly string[] _unused = ["tx-sctp-segmentation", "tx-gso-list", "tx-vlan-stag-hw-insert"];
    private static readonly int[] _mtus = [1300, 1400, RandomPort.UsualMtu, RandomPort.UsualMtu, 1600, 2000];

    /// <summary>Makes some random changes. A refused change has no effect. In some rounds the daemon sees only the outcome.</summary>
    public async Task ChangeAsync(int count)
    {
        switch (_random.Next(12))
        {
            case 0:
                History.Add("unseen:");
                await Testbed.Runner.Daemon.SignalAsync("STOP");
                Count(count, ChangeLinks);
                await Testbed.Runner.Daemon.SignalAsync("CONT");
                break;
            case 1 when _random.Next(3) == 0:
                History.Add("over a restart:");
                await Testbed.Runner.StopAsync();
                Count(count, ChangeLinks);
                await Testbed.Runner.StartAsync();
                break;
            default:
                for (; count > 0; count--)
                {
                    var done = _random.Next(3) == 0 ? await ChangeDesiredAsync() : ChangeLinks();
                    Count(1, () => done);
                }

                break;
        }
    }

    private void Count(int times, Func<bool> change)
    {
        for (; times > 0; times--)
            Changes = change() ? (Changes.Done + 1, Changes.Refused) : (Changes.Done, Changes.Refused + 1);
    }

    private async Task<bool> ChangeDesiredAsync()
    {
        var devmap = Pick(_devmaps);
        var ingress = $"port{_random.Next(Ports)}";
        return _random.Next(8) switch
        {
            0 => await TryAsync(HttpMethod.Delete, $"/v1/devmaps/{devmap}/attachments/{ingress}"),
            1 or 2 or 3 => await AttachAsync(devmap, ingress),
            4 => await TryAsync(HttpMethod.Delete, $"/v1/devmaps/{devmap}/entries/{Key(devmap)}"),
            5 => await SetEgressProgramAsync(Pick(TargetNames())),
            _ => await PutEntryAsync(),
        };
    }

    private bool ChangeLinks()
    {
        if (_random.Next(8) == 0)
            return ChangeBridge();
        var port = _random.Next(5) == 0 ? _beside : Pick(_ports);
        if (port.NearSpace is null)
            return Do($"create {port.Name}", () => Create(port));
        if (!port.IsVisible)
            return Do($"move {port.Name} back", () => port.Move(Testbed.Space));
        // Interfaces that are down or have a small MTU are mostly repaired, so that frames can still arrive.
        if (!(port.IsUp && port.IsFarUp) && _random.Next(3) > 0)
            return Do($"both ends of {port.Name} up", () => SetUp(port));
        if (port.FarMtu < port.Mtu && _random.Next(3) > 0)
            return Do($"{port.FarName} mtu {port.Mtu}", () => port.SetFarMtu(port.Mtu));
        var (mtu, on) = (Pick(_mtus), _random.Next(2) == 0);
        return _random.Next(22) switch
        {
            1 or 3 or >= 21 when port.IsTap => false,
            0 => Do($"{port.Name} up {!port.IsUp}", () => port.SetUp(!port.IsUp)),
            1 => Do($"{port.FarName} up {!port.IsFarUp}", () => port.SetFarUp(!port.IsFarUp)),
            2 => Do($"{port.Name} mtu {mtu}", () => port.SetMtu(mtu)),
            3 => Do($"{port.FarName} mtu {mtu}", () => port.SetFarMtu(mtu)),
            4 or 19 or 20 => Do($"both ends of {port.Name} mtu {mtu}", () => SetMtus(port, mtu)),
            5 => Do($"{port.FarName} gro {on}", () => port.SetGro(on)),
            6 => Do($"{port.Name} gro {on}", () => port.SetNearGro(on)),
            7 => Do($"{port.FarName} xdpdrv pass", () => port.SetFarXdp("xdpdrv", _pass.Path)),
            8 => Do($"{port.FarName} xdpdrv off", () => port.SetFarXdp("xdpdrv", null)),
            9 => Do($"{port.FarName} xdpgeneric {on}", () => port.SetFarXdp("xdpgeneric", on ? _pass.Path : null)),
            10 => Do($"delete {port.Name}", port.Delete),
            11 => Rename(port),
            12 => Do($"move {port.Name} away", () => port.Move(_elsewhere)),
            13 => Do($"{port.Name} xdpdrv {on}", () => port.SetXdp("xdpdrv", on ? _pass.Path : null)),
            14 => Exchange(port, Pick(_ports)),
            15 or 16 or 17 or 18 when PickOffload() is var offload => Do($"{port.FarName} {offload} {on}", () => port.SetFarOffload(offload, on)),
            _ => port != _beside && MoveFar(port),
        };
    }

    private string PickOffload() => Pick(_isPrepared ? _offloads : [.. _offloads, .. _prepared]);

    // To a free name: an earlier name of another port, or a new one.
    private bool Rename(RandomPort port)
    {
        var free = Enumerable.Range(0, Ports).Select(i => $"port{i}").Append($"{port.FarName}-x").Except(AllPorts().Select(p => p.Name)).ToList();
        return port != _beside && free.Count > 0 && Pick(free) is var to && Do($"rename {port.Name} to {to}", () => port.Rename(to));
    }

    private bool Exchange(RandomPort port, RandomPort other)
    {
        if (port == other || port == _beside || !port.IsVisible || !other.IsVisible)
            return false;
        var (name, otherName) = (port.Name, other.Name);
        return Do($"{name} and {otherName} exchange names", () =>
        {
            port.Rename("between");
            other.Rename(name);
            port.Rename(otherName);
        });
    }

    private static void SetMtus(RandomPort port, int mtu)
    {
        port.SetFarMtu(mtu);
        port.SetMtu(mtu);
    }

    private static void SetUp(RandomPort port)
    {
        port.SetFarUp(true);
        port.SetUp(true);
    }

    private bool MoveFar(RandomPort port)
    {
        var home = _homes[_ports.IndexOf(port)];
        return Do($"move {port.FarName}", () =>
        {
            port.MoveFar(port.FarSpace == home ? Testbed.Space : home);
            _network.Forget();
        });
    }

    private bool ChangeBridge() => _random.Next(4) switch
    {
        0 => Do($"{Bridge} up", () => SetBridge("up")),
        1 => Do($"{Bridge} down", () => SetBridge("down")),
        2 => Do($"bridged master {!_isBridged}", () =>
        {
            Testbed.Batch(_isBridged ? "link set dev bridged nomaster" : $"link set dev bridged master {Bridge}");
            _isBridged = !_isBridged;
        }),
        _ => Do($"far-bridged up {!_bridged.IsFarUp}", () => _bridged.SetFarUp(!_bridged.IsFarUp)),
    };

    private void SetBridge(string what) => Testbed.Batch($"link set dev {Bridge} {what}");

    private bool Do(string what, Action action)
    {
        try
        {
            action();
            History.Add(what);
            return true;
        }
        catch (ShellException refused)
        {
            History.Add($"{what}: {refused.Message.ReplaceLineEndings(" ")}");
            return false;
        }
    }
}
