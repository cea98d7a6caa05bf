using System.Globalization;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.EndToEndTests.World;

/// <summary>
/// Writes at random, without rest, until the daemon is gone: entries of all three selectors, egress programs and, if it has an
/// ingress interface of its own, an attachment. Nobody else writes what it writes, so it knows what every answer must be.
/// </summary>
internal sealed class CrashClient
{
    private const int KeysPerDevmap = 20;
    private const int Programs = 4;

    private static readonly StatusCode[] Gone = [StatusCode.Unavailable, StatusCode.Internal, StatusCode.Cancelled, StatusCode.Unknown];

    private readonly Random _random;
    private readonly IReadOnlyList<(string Interface, string? Program)> _targets;
    private readonly List<(Claim Claim, string Devmap, string Key)> _entries = [];
    private readonly List<(Claim Claim, string Name)> _programs = [];
    private readonly Claim? _attachment;
    private readonly string? _ingress;
    private DevmapService.DevmapServiceClient _devmaps = null!;
    private ProgramService.ProgramServiceClient _programService = null!;
    private long _floor;
    private int _acknowledged;
    private int _refused;

    /// <param name="number">Tells its resources from those of the others; 0 .. 99.</param>
    /// <param name="targets">Interfaces to send to, and the egress program that all entries for one of them carry.</param>
    /// <param name="ingress">Its own ingress interface.</param>
    /// <param name="seed">Of its choices.</param>
    public CrashClient(int number, IReadOnlyList<(string Interface, string? Program)> targets, string? ingress, int seed)
    {
        (_random, _targets, _ingress) = (new Random(seed), targets, ingress);
        for (var i = 0; i < KeysPerDevmap; i++)
        {
            AddEntry(Site.ByInterface, string.Create(CultureInfo.InvariantCulture, $"{1_000_000 + (number * 100) + i}"));
            AddEntry(Site.ByVlan, string.Create(CultureInfo.InvariantCulture, $"{(number * KeysPerDevmap) + i + 1}"));
            AddEntry(Site.ByAddress, $"10.{number}.0.{i}");
        }

        for (var i = 0; i < Programs; i++)
            _programs.Add((new Claim(Facts.ProgramName($"p{number}-{i}")), $"p{number}-{i}"));
        if (ingress is null)
            return;
        AddEntry(Site.ByInterface, ingress);
        _attachment = new Claim(Facts.AttachmentName(Site.ByVlan, ingress));
    }

    /// <summary>Writes that were answered with success.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Writes that were refused, as they had to be.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>All that it writes.</summary>
    public IEnumerable<Claim> Claims => [.. _entries.Select(e => e.Claim), .. _programs.Select(p => p.Claim), .. _attachment is { } a ? [a] : Array.Empty<Claim>()];

    /// <summary>Writes until the daemon no longer answers.</summary>
    /// <param name="channel">To the daemon.</param>
    /// <param name="floor">The store's revision now: whatever is changed gets a higher one.</param>
    public async Task RunAsync(ChannelBase channel, long floor)
    {
        (_devmaps, _programService, _floor) = (new(channel), new(channel), floor);
        try
        {
            while (true)
                await StepAsync();
        }
        catch (RpcException gone) when (Gone.Contains(gone.StatusCode))
        {
            // Killed; what was under way stays unknown.
        }
    }

    private void AddEntry(string devmap, string key) => _entries.Add((new Claim(Facts.EntryName(devmap, key)), devmap, key));

    private Task StepAsync() => _random.Next(20) switch
    {
        0 or 1 => RefusedAsync(),
        2 => ProgramAsync(_programs[_random.Next(_programs.Count)]),
        3 when _attachment is not null => AttachmentAsync(_attachment, _ingress!),
        _ => EntryAsync(_entries[_random.Next(_entries.Count)]),
    };

    private async Task EntryAsync((Claim Claim, string Devmap, string Key) entry)
    {
        var (claim, devmap, key) = entry;
        if (claim.Known is { } known && _random.Next(3) == 0)
        {
            await DeleteAsync(claim, async () => await _devmaps.DeleteEntryAsync(WithRevision(new DeleteEntryRequest { Devmap = devmap, Key = key }, known)));
            return;
        }

        var request = NewEntry(devmap, key);
        if (_random.Next(2) == 0)
            request.ExpectedRevision = claim.Known?.Revision ?? 0;
        await PutAsync(
            claim,
            Facts.EntrySpec(request.Interface, request.HasEgressProgram ? request.EgressProgram : null, request.Labels),
            async () => Facts.Of((await _devmaps.PutEntryAsync(request)).Entry));
    }

    private async Task ProgramAsync((Claim Claim, string Name) program)
    {
        var (claim, name) = program;
        if (claim.Known is not null && _random.Next(2) == 0)
        {
            await DeleteAsync(claim, async () => await _programService.DeleteProgramAsync(new() { Program = name }));
            return;
        }

        var vlan = (uint)_random.Next(1, 4);
        await PutAsync(claim, Facts.ProgramSpec($"{ProgramTemplate.PushVlan}", vlan), async () => Facts.Of((await _programService.PutProgramAsync(
            new() { Program = name, Template = ProgramTemplate.PushVlan, Parameters = new() { VlanId = vlan } })).Program));
    }

    private async Task AttachmentAsync(Claim claim, string ingress)
    {
        if (claim.Known is null)
        {
            await PutAsync(claim, $"{AttachMode.Native}", async () => Facts.Of((await _devmaps.PutAttachmentAsync(
                new() { Devmap = Site.ByVlan, Interface = ingress, Mode = AttachMode.Native })).Attachment));
        }
        else
        {
            await DeleteAsync(claim, async () => await _devmaps.DeleteAttachmentAsync(new() { Devmap = Site.ByVlan, Interface = ingress }));
        }
    }

    /// <summary>A write that must be refused, and then must not have left a trace.</summary>
    private async Task RefusedAsync()
    {
        var (claim, devmap, key) = _entries[_random.Next(_entries.Count)];
        var request = NewEntry(devmap, key);
        // Found different from what is asked: so that a trace would show.
        request.Labels["refused"] = "yes";
        StatusCode expected;
        switch (_random.Next(4))
        {
            case 0:
                request.ExpectedRevision = (claim.Known?.Revision ?? 0) + 1_000_000;
                expected = StatusCode.Aborted;
                break;
            case 1 when claim.Known is not null:
                request.ExpectedRevision = 0;
                expected = StatusCode.AlreadyExists;
                break;
            case 2:
                (request.EgressProgram, expected) = ("nosuch", StatusCode.NotFound);
                break;
            default:
                (request.Interface, request.AllowPending, expected) = ("nosuch1", false, StatusCode.FailedPrecondition);
                request.ClearEgressProgram();
                break;
        }

        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await _devmaps.PutEntryAsync(request));
        if (Gone.Contains(refusal.StatusCode))
            throw refusal;
        Assert.Equal(expected, refusal.StatusCode);
        Interlocked.Increment(ref _refused);
    }

    private PutEntryRequest NewEntry(string devmap, string key)
    {
        var (target, program) = _targets[_random.Next(_targets.Count)];
        var request = new PutEntryRequest { Devmap = devmap, Key = key, Interface = target, AllowPending = true };
        if (program is not null)
            request.EgressProgram = program;
        for (var i = _random.Next(3); i > 0; i--)
            request.Labels[$"label{i}"] = $"{_random.Next(3)}";
        return request;
    }

    private DeleteEntryRequest WithRevision(DeleteEntryRequest request, Fact known)
    {
        if (_random.Next(2) == 0)
            request.ExpectedRevision = known.Revision;
        return request;
    }

    private async Task PutAsync(Claim claim, string spec, Func<Task<Fact>> put)
    {
        claim.Ask(spec);
        claim.Acknowledge(await put(), _floor);
        Interlocked.Increment(ref _acknowledged);
    }

    private async Task DeleteAsync(Claim claim, Func<Task> delete)
    {
        claim.Ask(null);
        await delete();
        claim.Acknowledge(null, _floor);
        Interlocked.Increment(ref _acknowledged);
    }
}
