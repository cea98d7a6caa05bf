using System.Globalization;
using System.Text.Json;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>
/// Compares three independent views: the answers of the API, the elements of the kernel's maps, and the interfaces that exist.
/// </summary>
internal static class ConsistencyCheck
{
    private static readonly string[] InKernel = ["Forwarding", "Undeliverable", "Unverified"];

    /// <summary>Waits until the views agree for all devmaps.</summary>
    /// <param name="testbed">The testbed.</param>
    /// <param name="failed">Entries, as DEVMAP/KEY, that must be Failed and not in the kernel, although their interfaces exist.</param>
    public static async Task AssertConsistentAsync(this Testbed testbed, params string[] failed)
    {
        IReadOnlyList<string> differences = [];
        try
        {
            await Eventually.Async(async () => (differences = await DifferencesAsync(testbed, failed)).Count == 0);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{differences.Count} differences:\n{string.Join('\n', differences.Take(20))}");
        }
    }

    private static async Task<IReadOnlyList<string>> DifferencesAsync(Testbed testbed, string[] failed)
    {
        var links = Links(testbed.Space);
        var differences = new List<string>();
        foreach (var devmap in new[] { Testbed.ByInterface, Testbed.ByVlan, Testbed.ByAddress })
        {
            var kernel = testbed.KernelMap(devmap).ToDictionary();
            foreach (var entry in await testbed.Http.ListAsync(devmap, "pageSize=1000"))
            {
                var key = devmap == Testbed.ByInterface && !IsNumber(entry.Key) ? links.GetValueOrDefault(entry.Key)?.Ifindex : entry.KernelKey;
                var target = links.GetValueOrDefault(entry.Interface);
                var isFailed = failed.Contains($"{devmap}/{entry.Key}");
                var states = isFailed ? ["Failed"] : key is null || target is null ? ["Pending"] : target.IsUp ? InKernel : ["Undeliverable"];
                uint? wanted = isFailed || key is null ? null : target?.Ifindex;
                uint? there = key is { } row && !isFailed && kernel.Remove(row, out var ifindex) ? ifindex : null;
                if (!states.Contains(entry.Status.State) || entry.Status.Ifindex != wanted || there != wanted)
                    differences.Add($"{entry}: kernel row {key} -> {there}, interface {target}");
            }

            differences.AddRange(kernel.Select(k => $"{devmap}: kernel row {k.Key} -> {k.Value} is nobody's"));
            uint[] programs = [(await testbed.Http.DevmapAsync(devmap)).Status.RedirectProgramId, testbed.CompletingProgram(devmap)];
            var attachments = (await testbed.Http.ReadAsync<AttachmentPage>($"/v1/devmaps/{devmap}/attachments")).Attachments;
            differences.AddRange(attachments.Where(a => !IsRight(a, links.GetValueOrDefault(a.Interface), programs)).Select(a => $"{a}: interface {links.GetValueOrDefault(a.Interface)}, programs {string.Join(", ", programs)}"));
            differences.AddRange(links.Values.Where(l => programs.Contains(l.Program) && attachments.All(a => a.Interface != l.Name)).Select(l => $"{l} has the program of {devmap}"));
        }

        return differences;
    }

    private static bool IsRight(Attachment attachment, Link? link, uint[] programs) => link is null
        ? attachment.Status is { State: "Pending", Ifindex: null }
        : attachment.Status.State == "Attached" && attachment.Status.Ifindex == link.Ifindex && programs.Contains(link.Program);

    private static bool IsNumber(string key) => uint.TryParse(key, CultureInfo.InvariantCulture, out _);

    private static Dictionary<string, Link> Links(NetworkNamespace space)
    {
        using var shown = JsonDocument.Parse(space.Shell("ip", "-j", "link", "show"));
        return shown.RootElement.EnumerateArray().Select(Read).ToDictionary(l => l.Name);
    }

    private static Link Read(JsonElement link) => new(
        link.GetProperty("ifname").GetString()!,
        link.GetProperty("ifindex").GetUInt32(),
        link.GetProperty("flags").EnumerateArray().Any(f => f.GetString() == "UP"),
        link.TryGetProperty("xdp", out var xdp) ? xdp.GetProperty("prog").GetProperty("id").GetUInt32() : 0);

    private sealed record Link(string Name, uint Ifindex, bool IsUp, uint Program);
}
