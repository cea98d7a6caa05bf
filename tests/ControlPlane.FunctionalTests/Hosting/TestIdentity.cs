using ControlPlane.Core.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>Makes every caller root, as on the unix socket. For tests that are not about access.</summary>
internal sealed class TestIdentity : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((http, following) =>
        {
            http.Features.Set(new UnixPeer(0, 0, 0, [], "test"));
            return following(http);
        });
        next(app);
    };
}
