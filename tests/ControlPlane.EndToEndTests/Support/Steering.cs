using System.Text.Json.Nodes;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>The usual content of a testbed: an entry forwards frames from one port to another, through a counting egress program.</summary>
internal static class Steering
{
    public const string Meter = "meter";

    /// <summary>Makes both ports, the program, the attachment and the entry.</summary>
    public static async Task<(Port Ingress, Port Target)> SteerAsync(this Testbed testbed)
    {
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.WriteAsync<EgressProgram>($"/v1/programs/{Meter}", new { template = "count" });
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name, Meter);
        return (ingress, target);
    }

    /// <summary>
    /// Returns the state of entries whose frames arrive. The peers of ports are in other namespaces, so a kernel that does not report
    /// xdp-features (before Linux 6.3) leaves their entries Unverified.
    /// </summary>
    public static async Task<string> ArrivingAsync(this Testbed testbed) => await testbed.HasAsync("xdp_features") ? "Forwarding" : "Unverified";

    /// <summary>
    /// Returns the state of entries in native mode whose frames a probe has proven to arrive. It proves nothing about offloads of the ingress's
    /// peer, which a kernel does not report from another namespace before Linux 6.2.
    /// </summary>
    public static async Task<string> ProvenAsync(this Testbed testbed) => await testbed.HasAsync("peer_offloads") ? "Forwarding" : "Unverified";

    /// <summary>Returns whether the daemon says that the host has a feature.</summary>
    public static async Task<bool> HasAsync(this Testbed testbed, string feature)
    {
        var features = JsonNode.Parse(await testbed.Http.GetStringAsync("/v1/host"))!["features"]!.AsArray();
        return features.Single(f => f!["name"]!.GetValue<string>() == feature)!["available"]!.GetValue<bool>();
    }

    /// <summary>Waits until the frames of an entry would arrive.</summary>
    public static async Task WaitUntilArrivingAsync(this Testbed testbed, string devmap, string key) =>
        await testbed.WaitForStateAsync(devmap, key, await testbed.ArrivingAsync());

    /// <summary>Asserts that frames arrive and that the entry says so.</summary>
    public static async Task AssertForwardsAsync(this Testbed testbed, Port ingress, Port target)
    {
        Assert.Equal(await testbed.ArrivingAsync(), (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.State);
        var run = FrameMark.NewRun();
        Assert.Equal(3, ingress.Send([.. Enumerable.Range(0, 3).Select(n => Frames.Udp(new FrameMark(run, (ulong)n)))], run, target, expected: 3).Count);
    }

    /// <summary>Waits until the API reports that an entry is in a state.</summary>
    public static Task WaitForStateAsync(this Testbed testbed, string devmap, string key, string state) =>
        Eventually.Async(async () => (await testbed.Http.EntryAsync(devmap, key)).Status.State == state, what: $"{key} is {state}");
}
