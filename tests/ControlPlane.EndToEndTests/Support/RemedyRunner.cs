using System.Text;
using System.Text.RegularExpressions;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>Runs reported remedies word for word.</summary>
internal static partial class RemedyRunner
{
    private const string AtThePeer = "In the peer's network namespace: ";

    /// <summary>Sends a remedy to the API if it is a request, or runs it in a shell in the right namespace.</summary>
    /// <param name="testbed">The testbed.</param>
    /// <param name="remedy">The remedy.</param>
    /// <param name="target">The pair whose far end is the peer in the remedy.</param>
    public static async Task RunRemedyAsync(this Testbed testbed, string remedy, VethPair target)
    {
        if (Request().Match(remedy) is { Success: true } asked)
        {
            using var request = new HttpRequestMessage(HttpMethod.Parse(asked.Groups["method"].Value), asked.Groups["path"].Value);
            if (asked.Groups["body"] is { Success: true } body)
                request.Content = new StringContent(body.Value, Encoding.UTF8, "application/json");
            using var answer = await testbed.Http.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, $"{remedy}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
        else if (remedy.StartsWith(AtThePeer, StringComparison.Ordinal))
        {
            target.PeerNamespace.Shell("sh", "-c", remedy[AtThePeer.Length..]);
        }
        else
        {
            target.Namespace.Shell("sh", "-c", remedy);
        }
    }

    /// <summary>Sends the request, and runs the commands in the daemon's network namespace.</summary>
    public static async Task FollowAsync(this Testbed testbed, Remedy remedy)
    {
        if (remedy.Request is { } asked)
        {
            using var request = new HttpRequestMessage(HttpMethod.Parse(asked.Method), asked.Path);
            if (asked.Body is not null)
                request.Content = new StringContent(asked.Body.ToJsonString(), Encoding.UTF8, "application/json");
            // A stream of events has no end.
            using var answer = await testbed.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            if (!answer.IsSuccessStatusCode)
                Assert.Fail($"{asked.Text}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        foreach (var command in remedy.Commands)
            testbed.Space.Shell("sh", "-c", command);
    }

    [GeneratedRegex("^(?<method>PUT|POST|DELETE) (?<path>/\\S+)( with (?<body>\\{.*\\}))?$")]
    private static partial Regex Request();
}
