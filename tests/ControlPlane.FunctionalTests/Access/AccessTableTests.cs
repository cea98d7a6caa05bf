using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Security;
using ControlPlane.FunctionalTests.Grpc;
using ControlPlane.FunctionalTests.Hosting;
using ControlPlane.TestCommon;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Access;

/// <summary>Every operation with every role, by REST and by gRPC, over TCP.</summary>
public sealed class AccessTableTests(GuardedDaemon guarded) : IClassFixture<GuardedDaemon>
{
    private static readonly string[] Roles = ["nobody", "limited", "viewer", "operator", "admin"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var operation in Operations.All)
            {
                foreach (var role in Roles)
                    cases.Add(operation.Id, role);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Operation_IsForTheRolesOfTheTable(string id, string role)
    {
        var operation = Operations.All.Single(o => o.Id == id);
        var (rest, restText) = await AskRestAsync(operation, role);
        var grpc = await AskGrpcAsync(operation, operation.Grpc, role);
        if (operation.GrpcStream is { } stream)
            Assert.Equal(RefusalOf(grpc), RefusalOf(await AskGrpcAsync(operation, stream, role)));

        if (role == "nobody")
        {
            Assert.Equal((HttpStatusCode.Unauthorized, StatusCode.Unauthenticated, "unauthenticated"), (rest, grpc.Code, grpc.Reason));
            Assert.Contains("\"unauthenticated\"", restText, StringComparison.Ordinal);
        }
        else if (IsAllowed(operation, role))
        {
            Assert.DoesNotContain(rest, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden });
            Assert.DoesNotContain(grpc.Code, new[] { StatusCode.Unauthenticated, StatusCode.PermissionDenied });
        }
        else
        {
            Assert.Equal((HttpStatusCode.Forbidden, StatusCode.PermissionDenied, "permission_denied"), (rest, grpc.Code, grpc.Reason));
            var needed = role == "limited" && operation.Role == Role.Operator ? "limits" : $"the role {operation.Role.ToString().ToLowerInvariant()}";
            Assert.Contains(needed, restText, StringComparison.Ordinal);
            Assert.Contains(needed, grpc.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/healthz", "alive\n")]
    [InlineData("/readyz", "ready\n")]
    public async Task Health_ShowsOneWordToNobody_AndMoreToARole(string path, string word)
    {
        using var nobody = new HttpClient { BaseAddress = guarded.Daemon.Rest };
        Assert.Equal(word, await nobody.GetStringAsync(path));
        using var viewer = UnixHttp.Connect(guarded.Daemon.Rest, guarded.Tokens["viewer"]!);
        Assert.StartsWith("{\"status\":", await viewer.GetStringAsync(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/metrics", HttpStatusCode.Unauthorized)]
    [InlineData("/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("/swagger/index.html", HttpStatusCode.OK)]
    [InlineData("/openapi/v1.json", HttpStatusCode.OK)]
    [InlineData("/errors/permission_denied", HttpStatusCode.OK)]
    public async Task Page_ToNobody(string path, HttpStatusCode expected)
    {
        using var nobody = new HttpClient { BaseAddress = guarded.Daemon.Rest };
        using var answer = await nobody.GetAsync(path);
        Assert.Equal(expected, answer.StatusCode);
        if (expected != HttpStatusCode.OK)
            return;
        using var viewer = UnixHttp.Connect(guarded.Daemon.Rest, guarded.Tokens["viewer"]!);
        Assert.Equal(HttpStatusCode.OK, (await viewer.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Metrics_AreForViewers_AndForEverybodyIfOpened()
    {
        using var viewer = UnixHttp.Connect(guarded.Daemon.Rest, guarded.Tokens["viewer"]!);
        Assert.Contains("devmapd_build_info", await viewer.GetStringAsync("/metrics"), StringComparison.Ordinal);
        await using var opened = await TestDaemon.StartGuardedAsync("--ControlPlane:Metrics:Open=true");
        using var nobody = new HttpClient { BaseAddress = opened.Rest };
        Assert.Contains("devmapd_build_info", await nobody.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("grpc.health.v1.Health/Check", null, StatusCode.OK)]
    [InlineData("devmapd.v1.DevmapService/Nothing", null, StatusCode.Unimplemented)]
    [InlineData("devmapd.v1.Nothing/Nothing", null, StatusCode.Unimplemented)]
    [InlineData("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", null, StatusCode.Unauthenticated)]
    [InlineData("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", null, StatusCode.Unauthenticated)]
    [InlineData("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "viewer", StatusCode.OK)]
    public async Task OtherCall_IsForItsRole(string method, string? role, StatusCode expected)
    {
        (string, string)[] headers = role is null ? [] : [("authorization", $"Bearer {guarded.Tokens[role]}")];
        var answer = await RawCall.AskAsync(guarded.Daemon.Grpc, method, ReadOnlyMemory<byte>.Empty, headers);
        Assert.Equal(expected, answer.Code);
    }

    /// <summary>An endpoint without a rule would be for administrators alone: none is forgotten.</summary>
    [Fact]
    public void EveryEndpoint_HasARule() => Assert.All(
        guarded.Daemon.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>(),
        endpoint => Assert.True(
            endpoint.Metadata.GetMetadata<Operation>() is not null || endpoint.Metadata.GetMetadata<RequiredRole>() is not null
            || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null || endpoint.RoutePattern.GetParameter("unimplementedMethod") is not null,
            endpoint.DisplayName));

    [Theory]
    [InlineData("Basic cm9vdDo=")]
    [InlineData("Bearer")]
    [InlineData("Bearer devmapd_none")]
    [InlineData("Bearer ")]
    public async Task WrongCredentials_AreRefused_EvenWhereTheConnectionAloneWouldDo(string header)
    {
        using var root = UnixHttp.Connect(guarded.Daemon.UnixSocket);
        Assert.Equal(HttpStatusCode.OK, (await root.GetAsync("/v1/host")).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/host");
        request.Headers.TryAddWithoutValidation("Authorization", header);
        using var answer = await root.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task Token_OnTheUnixSocket_GoesBeforeTheUser()
    {
        using var root = UnixHttp.Connect(guarded.Daemon.UnixSocket);
        root.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", guarded.Tokens["viewer"]);
        using var answer = await root.DeleteAsync("/v1/devmaps/default/entries/sim0");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private static bool IsAllowed(Operation operation, string role) => role switch
    {
        "limited" => operation.Role == Role.Viewer || operation.ChecksEachEntry || operation.ChecksOwner,
        _ => Enum.Parse<Role>(role, ignoreCase: true) >= operation.Role,
    };

    private async Task<(HttpStatusCode Status, string Text)> AskRestAsync(Operation operation, string role)
    {
        var path = operation.RestPath.Replace("{devmap}", "default", StringComparison.Ordinal);
        foreach (var name in new[] { "{key}", "{interfaceName}", "{program}", "{lease}", "{token}", "{revision}" })
            path = path.Replace(name, "nothing", StringComparison.Ordinal);
        if (operation == Operations.WaitEntries)
            path += "?timeout=0s";
        using var client = new HttpClient { BaseAddress = guarded.Daemon.Rest };
        using var request = new HttpRequestMessage(new HttpMethod(operation.RestMethod), path);
        if (guarded.Tokens[role] is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (operation.Verb is Verb.Put or Verb.Create || operation == Operations.SetEgressProgram || operation.WritesMany)
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Deadline());
        return (response.StatusCode, operation.Verb == Verb.Watch && response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync());
    }

    private static string? RefusalOf(RawCall.Answer answer) => answer.Reason is "unauthenticated" or "permission_denied" ? answer.Reason : null;

    private Task<RawCall.Answer> AskGrpcAsync(Operation operation, string method, string role)
    {
        (string, string)[] headers = guarded.Tokens[role] is { } token ? [("authorization", $"Bearer {token}")] : [];
        // The devmap is the first field. The limits of the token are about it.
        byte[] message = operation.ChecksEachEntry ? [0x0A, 7, .. "default"u8]
            : operation == Operations.WatchDevmaps ? [0x0A, 7, .. "nothing"u8] // without one it would be a stream that does not end
            : operation == Operations.WaitEntries ? new Devmapd.V1.WaitEntriesRequest { Timeout = new() }.ToByteArray() // of no time
            : [];
        return RawCall.AskAsync(guarded.Daemon.Grpc, $"devmapd.v1.{method}", message, headers);
    }
}

/// <summary>A daemon whose callers must show who they are, and a token for each role.</summary>
public sealed class GuardedDaemon : IAsyncLifetime
{
    internal TestDaemon Daemon { get; private set; } = null!;

    /// <summary>The secrets by role; null for nobody.</summary>
    public Dictionary<string, string?> Tokens { get; } = new() { ["nobody"] = null };

    public async Task InitializeAsync()
    {
        Daemon = await TestDaemon.StartGuardedAsync("--ControlPlane:Probe:Enabled=true");
        using var root = UnixHttp.Connect(Daemon.UnixSocket);
        foreach (var role in new[] { "viewer", "operator", "admin" })
            Tokens[role] = await root.CreateTokenAsync(new { name = role, role });
        Tokens["limited"] = await root.CreateTokenAsync(new { name = "limited", role = "operator", limits = new { devmaps = new[] { "default" } } });
    }

    public async Task DisposeAsync() => await Daemon.DisposeAsync();
}
