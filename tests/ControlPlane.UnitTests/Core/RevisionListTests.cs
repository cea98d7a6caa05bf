using ControlPlane.Core.State;

namespace ControlPlane.UnitTests.Core;

/// <summary>The highest revision of an interface's entries, whatever comes and goes.</summary>
public sealed class RevisionListTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Highest_IsThatOfAScan(int seed)
    {
        var random = new Random(seed);
        var (list, model, next) = (new RevisionList(), new HashSet<long>(), 1000L);
        // A start adds revisions in any order.
        foreach (var revision in Enumerable.Range(1, 500).Select(n => (long)n).OrderBy(_ => random.Next()))
        {
            list.Add(revision);
            model.Add(revision);
        }

        for (var i = 0; i < 5000; i++)
        {
            if (random.Next(5) < 2)
            {
                list.Add(++next);
                model.Add(next);
            }
            else if (model.Count > 0)
            {
                var removed = random.Next(2) == 0 ? model.Max() : model.ElementAt(random.Next(model.Count));
                list.Remove(removed);
                model.Remove(removed);
            }

            Assert.Equal(model.DefaultIfEmpty().Max(), list.Highest);
        }
    }
}
