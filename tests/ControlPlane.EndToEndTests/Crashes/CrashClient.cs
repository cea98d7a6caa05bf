using System.Globalization;
using ControlPlane.EndToEndTests.Support;
using Devmapd.V1;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>
/// Makes random writes, without pauses, until the daemon is killed: entries of all three selectors, egress programs and, if it has its
/// own ingress interface, an attachment; with and without preconditions. No other client writes the same resources, so the client knows
/// what every answer must be.
/// </summary>
internal sealed class CrashClient
{
    private const int KeysPerDevmap = 20;
    private const int Programs = 4;

    private readonly Random _random;
    private readonly IReadOnlyList<(string Interface, string? Program)> _targets;
    private readonly List<(Oracle Oracle, string Devmap, string Key)> _entries = [];
    private readonly List<(Oracle Oracle, string Name)> _programs = [];
    private readonly Oracle? _attachment;
    private readonly string? _ingress;
    private IWriteClient _writes = null!;
    private long _floor;
    private int _acknowledged;
    private int _refused;

    /// <param name="number">The number of the client, 0 .. 99. It is part of the names of its resources.</param>
    /// <param name="targets">Target interfaces, each with the egress program that all its entries carry.</param>
    /// <param name="ingress">The client's own ingress interface; null for none.</param>
    /// <param name="seed">The seed of its random choices.</param>
    public CrashClient(int number, IReadOnlyList<(string Interface, string? Program)> targets, string? ingress, int seed)
    {
        (_random, _targets, _ingress) = (new Random(seed), targets, ingress);
        for (var i = 0; i < KeysPerDevmap; i++)
        {
            AddEntry(Testbed.ByInterface, string.Create(CultureInfo.InvariantCulture, $"{1_000_000 + (number * 100) + i}"));
            AddEntry(Testbed.ByVlan, string.Create(CultureInfo.InvariantCulture, $"{(number * KeysPerDevmap) + i + 1}"));
            AddEntry(Testbed.ByAddress, $"10.{number}.0.{i}");
        }

        for (var i = 0; i < Programs; i++)
            _programs.Add((new Oracle(ResourceVersions.ProgramName($"p{number}-{i}")), $"p{number}-{i}"));
        if (ingress is null)
            return;
        AddEntry(Testbed.ByInterface, ingress);
        _attachment = new Oracle(ResourceVersions.AttachmentName(Testbed.ByVlan, ingress));
    }

    /// <summary>The number of writes that succeeded.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>The number of writes that were refused, as expected.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>The oracles of all its resources.</summary>
    public IEnumerable<Oracle> Oracles => [.. _entries.Select(e => e.Oracle), .. _programs.Select(p => p.Oracle), .. _attachment is { } a ? [a] : Array.Empty<Oracle>()];

    /// <summary>Writes until the daemon no longer answers.</summary>
    /// <param name="writes">Sends the writes.</param>
    /// <param name="floor">The store's revision now. Every change gets a higher one.</param>
    public async Task RunAsync(IWriteClient writes, long floor)
    {
        (_writes, _floor) = (writes, floor);
        try
        {
            while (true)
                await StepAsync();
        }
        catch (NoAnswerException)
        {
            // The daemon was killed. The outcome of the last write is unknown.
        }
    }

    private void AddEntry(string devmap, string key) => _entries.Add((new Oracle(ResourceVersions.EntryName(devmap, key)), devmap, key));

    private Task StepAsync() => _random.Next(20) switch
    {
        0 or 1 => RefusedAsync(),
        2 => ProgramAsync(_programs[_random.Next(_programs.Count)]),
        3 when _attachment is not null => AttachmentAsync(_attachment, _ingress!),
        _ => EntryAsync(_entries[_random.Next(_entries.Count)]),
    };

    private Task EntryAsync((Oracle Oracle, string Devmap, string Key) entry)
    {
        var (oracle, devmap, key) = entry;
        if (oracle.Known is not null && _random.Next(3) == 0)
            return DeleteAsync(oracle, expected => _writes.DeleteEntryAsync(devmap, key, expected));
        var desired = NewEntry(devmap, key);
        return PutAsync(oracle, desired.Spec, expected => _writes.PutEntryAsync(desired, expected));
    }

    private Task ProgramAsync((Oracle Oracle, string Name) program)
    {
        var (oracle, name) = program;
        if (oracle.Known is not null && _random.Next(2) == 0)
            return DeleteAsync(oracle, expected => _writes.DeleteProgramAsync(name, expected));
        var vlan = (uint)_random.Next(1, 4);
        return PutAsync(oracle, ResourceVersions.ProgramSpec($"{EgressTemplate.PushVlan}", vlan), expected => _writes.PutProgramAsync(name, vlan, expected));
    }

    private Task AttachmentAsync(Oracle oracle, string ingress) => oracle.Known is null
        ? PutAsync(oracle, $"{AttachMode.Native}", expected => _writes.AttachAsync(Testbed.ByVlan, ingress, expected))
        : DeleteAsync(oracle, expected => _writes.DetachAsync(Testbed.ByVlan, ingress, expected));

    /// <summary>Makes a write that must be refused and must change nothing.</summary>
    private async Task RefusedAsync()
    {
        var (oracle, devmap, key) = _entries[_random.Next(_entries.Count)];
        var (program, name) = _programs[_random.Next(_programs.Count)];
        // Unlike every stored resource, so that any effect of the write shows.
        var desired = NewEntry(devmap, key) with { Labels = new Dictionary<string, string> { ["refused"] = "yes" } };
        const uint Vlan = 4094;
        var (code, write) = _random.Next(9) switch
        {
            0 when Failing(oracle) is var (why, expected) => (why, () => _writes.PutEntryAsync(desired, expected)),
            1 when oracle.Known is { } known => ("revision_mismatch", () => _writes.DeleteEntryAsync(devmap, key, Stale(known))),
            2 when oracle.Known is null => ("entry_not_found", () => _writes.DeleteEntryAsync(devmap, key, default)),
            3 when Failing(program) is var (why, expected) => (why, () => _writes.PutProgramAsync(name, Vlan, expected)),
            4 when program.Known is { } known => ("revision_mismatch", () => _writes.DeleteProgramAsync(name, Stale(known))),
            5 when _attachment is not null && Failing(_attachment) is var (why, expected) => (why, () => _writes.AttachAsync(Testbed.ByVlan, _ingress!, expected)),
            6 when _attachment?.Known is { } known => ("revision_mismatch", () => _writes.DetachAsync(Testbed.ByVlan, _ingress!, Stale(known))),
            7 => ("program_not_found", () => _writes.PutEntryAsync(desired with { Program = "nosuch" }, default)),
            _ => ("interface_not_found", (Func<Task>)(() => _writes.PutEntryAsync(desired with { Target = "nosuch1", Program = null, AllowPending = false }, default))),
        };
        var refusal = await Assert.ThrowsAnyAsync<Exception>(write);
        if (refusal is NoAnswerException)
            throw refusal;
        Assert.Equal(code, Assert.IsType<RefusedException>(refusal).Code);
        Interlocked.Increment(ref _refused);
    }

    private DesiredEntry NewEntry(string devmap, string key)
    {
        var (target, program) = _targets[_random.Next(_targets.Count)];
        var labels = Enumerable.Range(1, _random.Next(3)).ToDictionary(i => $"label{i}", _ => $"{_random.Next(3)}");
        var nextHop = _random.Next(2) == 0 ? null : $"02:00:00:00:00:0{_random.Next(1, 4)}";
        return new DesiredEntry(devmap, key, target, program, nextHop, labels, AllowPending: true);
    }

    /// <summary>Returns no precondition, or one that holds.</summary>
    private Precondition Holding(Oracle oracle) => (oracle.Known, _random.Next(4)) switch
    {
        (null, 0 or 1) => new(MustNotExist: true),
        ({ } known, 0 or 1) => new(known.Revision),
        ({ }, 2) when _writes.HasMustExist => new(MustExist: true),
        _ => default,
    };

    /// <summary>Returns a precondition that does not hold, and the error code it must cause.</summary>
    private (string Code, Precondition Expected) Failing(Oracle oracle) => (oracle.Known, _random.Next(2)) switch
    {
        (null, 0) when _writes.HasMustExist => ("revision_mismatch", new(MustExist: true)),
        (null, _) => ("revision_mismatch", new(_floor + 1_000_000)),
        ({ } known, 0) => ("revision_mismatch", Stale(known)),
        _ => ("already_exists", new(MustNotExist: true)),
    };

    /// <summary>Returns the revision before the current one, as a client expects that has missed the last change.</summary>
    private static Precondition Stale(ResourceVersion known) => new(known.Revision - 1);

    private async Task PutAsync(Oracle oracle, string spec, Func<Precondition, Task<ResourceVersion>> put)
    {
        var expected = Holding(oracle);
        oracle.Ask(spec);
        oracle.Acknowledge(await put(expected), _floor);
        Interlocked.Increment(ref _acknowledged);
    }

    private async Task DeleteAsync(Oracle oracle, Func<Precondition, Task> delete)
    {
        var expected = Holding(oracle);
        oracle.Ask(null);
        await delete(expected);
        oracle.Acknowledge(null, _floor);
        Interlocked.Increment(ref _acknowledged);
    }
}
