using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Chance;

/// <summary>What can happen in it.</summary>
internal sealed partial class ChanceWorld
{
    private static readonly int[] _mtus = [1300, 1400, ChancePort.UsualMtu, ChancePort.UsualMtu, 1600, 2000];

    /// <summary>Carries out a random change; one that is refused changes nothing.</summary>
    public async Task ChangeAsync()
    {
        var done = _random.Next(3) == 0 ? await ChangeDesiredAsync() : ChangeLinks();
        Changes = (Changes.Done + (done ? 1 : 0), Changes.Refused + (done ? 0 : 1));
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
        var port = _random.Next(5) == 0 ? _beside : Pick(_ports);
        if (port.NearSpace is null)
            return Do($"create {port.Name}", () => port.Create(gro: _random.Next(3) > 0));
        if (!port.IsInSight)
            return Do($"move {port.Name} back", () => port.Move(Site.Space));
        // What is down or too narrow is put right more often than not, so that worlds do not run down.
        if (!port.IsUp && _random.Next(2) == 0)
            return Do($"{port.Name} up", () => port.SetUp(true));
        if (!port.IsFarUp && _random.Next(2) == 0)
            return Do($"{port.FarName} up", () => port.SetFarUp(true));
        var (mtu, on) = (Pick(_mtus), _random.Next(2) == 0);
        return _random.Next(14) switch
        {
            0 => Do($"{port.Name} up {!port.IsUp}", () => port.SetUp(!port.IsUp)),
            1 => Do($"{port.FarName} up {!port.IsFarUp}", () => port.SetFarUp(!port.IsFarUp)),
            2 => Do($"{port.Name} mtu {mtu}", () => port.SetMtu(mtu)),
            3 => Do($"{port.FarName} mtu {mtu}", () => port.SetFarMtu(mtu)),
            4 => Do($"both ends of {port.Name} mtu {mtu}", () =>
            {
                port.SetFarMtu(mtu);
                port.SetMtu(mtu);
            }),
            5 => Do($"{port.FarName} gro {on}", () => port.SetGro(on)),
            6 => Do($"{port.Name} gro {on}", () => port.SetNearGro(on)),
            7 => Do($"{port.FarName} xdpdrv pass", () => port.SetFarXdp("xdpdrv", _pass.Path)),
            8 => Do($"{port.FarName} xdpdrv off", () => port.SetFarXdp("xdpdrv", null)),
            9 => Do($"{port.FarName} xdpgeneric {on}", () => port.SetFarXdp("xdpgeneric", on ? _pass.Path : null)),
            10 => Do($"delete {port.Name}", port.Delete),
            11 => Rename(port),
            12 => Do($"move {port.Name} away", () => port.Move(_elsewhere)),
            _ => port == _beside ? ChangeBridge() : MoveFar(port),
        };
    }

    // To a name that nothing has: one that another was renamed from, or a new one.
    private bool Rename(ChancePort port)
    {
        var free = Enumerable.Range(0, Ports).Select(i => $"port{i}").Append($"{port.FarName}-x").Except(AllPorts().Select(p => p.Name)).ToList();
        return port != _beside && free.Count > 0 && Pick(free) is var to && Do($"rename {port.Name} to {to}", () => port.Rename(to));
    }

    private bool MoveFar(ChancePort port)
    {
        var home = _homes[_ports.IndexOf(port)];
        return Do($"move {port.FarName}", () => port.MoveFar(port.FarSpace == home ? Site.Space : home));
    }

    private bool ChangeBridge() => _random.Next(4) switch
    {
        0 => Do($"{Bridge} up", () => SetBridge("up")),
        1 => Do($"{Bridge} down", () => SetBridge("down")),
        2 => Do($"bridged master {!_isBridged}", () =>
        {
            Site.Batch(_isBridged ? "link set dev bridged nomaster" : $"link set dev bridged master {Bridge}");
            _isBridged = !_isBridged;
        }),
        _ => Do($"far-bridged up {!_bridged.IsFarUp}", () => _bridged.SetFarUp(!_bridged.IsFarUp)),
    };

    private void SetBridge(string what) => Site.Batch($"link set dev {Bridge} {what}");

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
