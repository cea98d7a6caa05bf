using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.EndToEndTests.World;

/// <summary>
/// Writes without rest until the daemon is gone, and remembers what was answered with success: that must be so afterwards. What
/// was under way may be so or not.
/// </summary>
internal sealed class RestlessWriter(int number, string target, string ingress, int seed)
{
    private const int Keys = 200;
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, bool?> _entries = [];
    private readonly Dictionary<string, bool?> _programs = [];
    private bool? _attached = false;
    private int _answered;

    /// <summary>Writes that were answered with success.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Writes until the daemon no longer answers.</summary>
    public async Task RunAsync(ChannelBase channel)
    {
        var devmaps = new DevmapService.DevmapServiceClient(channel);
        var programs = new ProgramService.ProgramServiceClient(channel);
        try
        {
            while (true)
            {
                await StepAsync(devmaps, programs);
                Interlocked.Increment(ref _answered);
            }
        }
        catch (RpcException gone) when (gone.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown)
        {
            // Killed; what was under way stays unknown.
        }
    }

    /// <summary>Whether all that was answered is so.</summary>
    public async Task CheckAsync(Site site)
    {
        var there = (await site.Http.ListAsync(Site.ByAddress, "pageSize=1000")).Select(e => e.Key).ToHashSet();
        Assert.All(_entries, e => Assert.True(e.Value is null || e.Value == there.Contains(e.Key), $"entry {e.Key}: answered {e.Value}"));
        var pinned = Directory.GetDirectories($"{site.Home.PinRoot}/programs").Select(Path.GetFileName).ToHashSet();
        Assert.All(_programs, p => Assert.True(p.Value is null || p.Value == pinned.Contains(p.Key), $"program {p.Key}: answered {p.Value}"));
        Assert.DoesNotContain(pinned, name => name!.Contains('%', StringComparison.Ordinal));
        if (number == 0 && _attached is { } attached)
        {
            var attachments = (await new DevmapService.DevmapServiceClient(site.Home.Channel).ListAttachmentsAsync(new() { Devmap = Site.ByAddress })).Attachments;
            Assert.Equal(attached, attachments.Any(a => a.Interface == ingress && a.Status.State == Devmapd.V1.AttachmentState.Attached));
        }
    }

    private async Task StepAsync(DevmapService.DevmapServiceClient devmaps, ProgramService.ProgramServiceClient programs)
    {
        switch (_random.Next(10))
        {
            case 0:
                await ToggleAsync(_programs, $"p{number}-{_random.Next(8)}",
                    async name => await programs.PutProgramAsync(new() { Program = name, Template = ProgramTemplate.Count }),
                    async name => await programs.DeleteProgramAsync(new() { Program = name }));
                break;
            case 1 when number == 0:
                var attached = _attached == true;
                _attached = null;
                await Attach(devmaps, !attached);
                _attached = !attached;
                break;
            default:
                await ToggleAsync(_entries, $"10.{number}.0.{_random.Next(Keys)}",
                    async key => await devmaps.PutEntryAsync(new() { Devmap = Site.ByAddress, Key = key, Interface = target }),
                    async key => await devmaps.DeleteEntryAsync(new() { Devmap = Site.ByAddress, Key = key }));
                break;
        }
    }

    private async Task Attach(DevmapService.DevmapServiceClient devmaps, bool attach)
    {
        if (attach)
            await devmaps.PutAttachmentAsync(new() { Devmap = Site.ByAddress, Interface = ingress, Mode = AttachMode.Native });
        else
            await DeleteAsync(async () => await devmaps.DeleteAttachmentAsync(new() { Devmap = Site.ByAddress, Interface = ingress }));
    }

    private static async Task ToggleAsync(Dictionary<string, bool?> known, string name, Func<string, Task> put, Func<string, Task> delete)
    {
        var there = known.GetValueOrDefault(name, false) == true;
        known[name] = null;
        if (there)
            await DeleteAsync(() => delete(name));
        else
            await put(name);
        known[name] = !there;
    }

    // What was left unknown by a kill may be gone already.
    private static async Task DeleteAsync(Func<Task> delete)
    {
        try
        {
            await delete();
        }
        catch (RpcException gone) when (gone.StatusCode == StatusCode.NotFound)
        {
        }
    }
}
