using System.Net;
using System.Net.Http.Json;
using ControlPlane.Daemon.Security;
using ControlPlane.FunctionalTests.Hosting;
using ControlPlane.TestCommon;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Access;

/// <summary>The login link of Swagger UI, and the cookie that it gives.</summary>
public sealed class LoginTests
{
    [Fact]
    public async Task Link_WorksOnce_AndItsCookieAllowsChangesBySwaggerAlone()
    {
        await using var daemon = await TestDaemon.StartGuardedAsync();
        var code = daemon.App.Services.GetRequiredService<LoginLinks>().Create();
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = daemon.Rest };

        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/login?code=wrong")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/login")).StatusCode);
        using var login = await browser.GetAsync($"/login?code={code}");
        Assert.Equal((HttpStatusCode.Redirect, "/swagger/index.html"), (login.StatusCode, login.Headers.Location?.ToString()));
        var cookie = Assert.Single(login.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync($"/login?code={code}")).StatusCode);

        browser.DefaultRequestHeaders.Add("Cookie", cookie.Split(';')[0]);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/v1/tokens")).StatusCode);
        foreach (var (site, expected) in new[] { (null, HttpStatusCode.Forbidden), ("none", HttpStatusCode.Forbidden), ("same-site", HttpStatusCode.Forbidden), ("same-origin", HttpStatusCode.Created) })
        {
            using var put = new HttpRequestMessage(HttpMethod.Put, "/v1/devmaps/default/entries/sim0") { Content = JsonContent.Create(new { @interface = "sim1" }) };
            if (site is not null)
                put.Headers.Add("Sec-Fetch-Site", site);
            using var answer = await browser.SendAsync(put);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Cookie_ThatIsForged_IsNothing()
    {
        await using var daemon = await TestDaemon.StartGuardedAsync();
        using var browser = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = daemon.Rest };
        browser.DefaultRequestHeaders.Add("Cookie", "devmapd-login=CfDJ8AAAA");
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/v1/host")).StatusCode);
    }

    [Fact]
    public void Code_IsTooOldAfterTenMinutes_AndANewOneReplacesIt()
    {
        var time = new StoppedTime();
        var links = new LoginLinks(time);
        var first = links.Create();
        var second = links.Create();
        Assert.False(links.TryUse(first));
        time.Now += TimeSpan.FromMinutes(10);
        Assert.False(links.TryUse(second));
        var third = links.Create();
        time.Now += TimeSpan.FromMinutes(9.9);
        Assert.True(links.TryUse(third));
        Assert.False(links.TryUse(third));
    }

    [Fact]
    public async Task Link_IsWrittenToATerminal_AndNowhereElse()
    {
        await using (var terminal = await TerminalDaemon.StartAsync(TestContext.Deadline()))
        {
            using var browser = new HttpClient();
            Assert.Contains("swagger", await browser.GetStringAsync(terminal.Link), StringComparison.OrdinalIgnoreCase);
            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(new Uri(terminal.Rest, "/v1/host"))).StatusCode);
        }

        await using var daemon = await DaemonProcess.StartReadyAsync("--simulate", "--Serilog:MinimumLevel:Default=Verbose");
        await daemon.StopAsync();
        Assert.DoesNotContain("login?code", daemon.StandardError + string.Join('\n', daemon.Log), StringComparison.Ordinal);
    }

    private sealed class StoppedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
